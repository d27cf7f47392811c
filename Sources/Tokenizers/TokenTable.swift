/// The bytes of every token, packed one after the other in the order of the ids.
///
/// A vocabulary of 65 thousand short arrays would cost an allocation and a header each; this costs four bytes a token.
struct TokenTable: Sendable {
    private let bytes: [UInt8]
    /// `starts[id] ..< starts[id + 1]` are the bytes of `id`; an empty range means that no token has this id.
    private let starts: [UInt32]

    /// A table in which `tokens[id]` are the bytes of `id`, empty where no token has this id.
    init(_ tokens: [[UInt8]]) {
        var bytes: [UInt8] = []
        var starts: [UInt32] = [0]
        bytes.reserveCapacity(tokens.reduce(0) { $0 + $1.count })
        starts.reserveCapacity(tokens.count + 1)
        for token in tokens {
            bytes += token
            starts.append(UInt32(bytes.count))
        }
        self.bytes = bytes
        self.starts = starts
    }

    /// One more than the largest id.
    var count: Int { starts.count - 1 }

    /// The bytes of a token; `nil` where no token has this id.
    subscript(id: TokenID) -> ArraySlice<UInt8>? {
        guard id >= 0, Int(id) < count else { return nil }
        let start = Int(starts[Int(id)])
        let end = Int(starts[Int(id) + 1])
        return start == end ? nil : bytes[start..<end]
    }

    /// The bytes of all tokens, one after the other; ids without a token add nothing.
    func joined(_ ids: [TokenID]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(ids.count * 4)
        for id in ids {
            if let token = self[id] { result += token }
        }
        return result
    }
}
