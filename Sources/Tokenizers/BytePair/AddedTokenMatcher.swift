/// Finds added tokens in text: leftmost first, the longest of those that begin at the same place.
struct AddedTokenMatcher: Sendable {
    /// `nil` if there are no tokens to find.
    private let trie: ByteTrie?
    /// Whether a token begins with this byte.
    private let isFirstByte: [Bool]

    init(_ tokens: [AddedToken], normalizesToNFC: Bool = false) throws(TokenizerError) {
        var isFirstByte = [Bool](repeating: false, count: 256)
        var keys: [(bytes: [UInt8], token: TokenID)] = []
        for token in tokens {
            let content = token.content
            let normalized = normalizesToNFC ? CanonicalComposition.normalized(content, 0..<content.count) : nil
            keys.append((bytes: normalized ?? content, token: token.token))
            if let first = (normalized ?? content).first { isFirstByte[Int(first)] = true }
        }
        self.isFirstByte = isFirstByte
        do {
            trie = keys.isEmpty ? nil : try ByteTrie(keys)
        } catch {
            throw .duplicateToken(String(decoding: keys[error.second].bytes, as: UTF8.self))
        }
    }

    /// Calls `body` for every token found and, with `nil`, for every stretch of text between them that is not empty.
    func split(_ bytes: [UInt8], _ range: Range<Int>, _ body: (TokenID?, Range<Int>) -> Void) {
        var textStart = range.lowerBound
        if let trie {
            var index = range.lowerBound
            while index < range.upperBound {
                guard isFirstByte[Int(bytes[index])],
                    let match = trie.longestMatch(in: bytes, from: index, to: range.upperBound)
                else {
                    index += 1
                    continue
                }
                if textStart < index { body(nil, textStart..<index) }
                body(match.token, index..<match.end)
                index = match.end
                textStart = index
            }
        }
        if textStart < range.upperBound { body(nil, textStart..<range.upperBound) }
    }
}
