/// The steps before merging: cuts out the added tokens, normalises the rest and splits it into words.
struct PreTokenizer: Sendable {
    /// A part of the text.
    enum Piece {
        case added(TokenID)
        /// These bytes of a text, which may be a normalised copy.
        case word([UInt8], Range<Int>)
    }

    private let matcher: AddedTokenMatcher
    private let normalizedMatcher: AddedTokenMatcher
    private let normalizesToNFC: Bool
    private let addsPrefixSpace: Bool

    init(addedTokens: [AddedToken], normalizesToNFC: Bool, addsPrefixSpace: Bool) throws(TokenizerError) {
        matcher = try AddedTokenMatcher(addedTokens.filter { !$0.isNormalized })
        normalizedMatcher = try AddedTokenMatcher(
            addedTokens.filter(\.isNormalized), normalizesToNFC: normalizesToNFC)
        self.normalizesToNFC = normalizesToNFC
        self.addsPrefixSpace = addsPrefixSpace
    }

    /// Calls `body` with the pieces of a text in their order.
    func forEachPiece(of bytes: [UInt8], _ body: (Piece) -> Void) {
        matcher.split(bytes, 0..<bytes.count) { token, range in
            if let token { return body(.added(token)) }
            if normalizesToNFC, let normalized = CanonicalComposition.normalized(bytes, range) {
                forEachNormalizedPiece(of: normalized, 0..<normalized.count, body)
            } else {
                forEachNormalizedPiece(of: bytes, range, body)
            }
        }
    }

    private func forEachNormalizedPiece(of bytes: [UInt8], _ range: Range<Int>, _ body: (Piece) -> Void) {
        normalizedMatcher.split(bytes, range) { token, range in
            if let token { return body(.added(token)) }
            let space = UInt8(ascii: " ")
            if addsPrefixSpace, bytes[range.lowerBound] != space {
                let prefixed = [space] + bytes[range]
                forEachWord(of: prefixed, 0..<prefixed.count, body)
            } else {
                forEachWord(of: bytes, range, body)
            }
        }
    }

    private func forEachWord(of bytes: [UInt8], _ range: Range<Int>, _ body: (Piece) -> Void) {
        var splitter = WordSplitter(bytes, range)
        while let word = splitter.next() { body(.word(bytes, word)) }
    }
}
