internal import Crypto
internal import Foundation
internal import Tokenizers

/// Where a state is filed: SHA-256 of its space's hash and its tokens.
enum StateKey {
    static func space(_ space: String) -> Data { Data(SHA256.hash(data: Data(space.utf8))) }

    static func key(_ space: Data, _ tokens: [TokenID]) -> Data { keys(space, tokens, counts: [tokens.count])[0] }

    /// The keys of beginnings of `tokens`, the shortest first.
    /// - Complexity: O(tokens), whatever the number of beginnings.
    static func keys(_ space: Data, _ tokens: [TokenID], counts: [Int]) -> [Data] {
        var hash = SHA256()
        hash.update(data: space)
        var done = 0
        return Set(counts).sorted().map { count in
            let bytes = tokens[done..<count].flatMap { token in
                (0..<4).map { UInt8(truncatingIfNeeded: token >> (8 * Int32($0))) }
            }
            hash.update(data: Data(bytes))
            done = count
            return Data(hash.finalize())
        }
    }
}
