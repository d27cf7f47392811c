/// How often each word occurs in a training text.
struct WordCounts {
    /// Longer words are counted in pieces of this many bytes: they are no words, and would slow down every merge.
    private static let maximumWordLength = 256

    private var counts: [[UInt8]: Int] = [:]

    /// Counts the words of one document.
    mutating func add(_ document: [UInt8], _ preTokenizer: PreTokenizer) {
        preTokenizer.forEachPiece(of: document) { piece in
            guard case .word(let bytes, let range) = piece else { return }
            var start = range.lowerBound
            while start < range.upperBound {
                let end = min(start + Self.maximumWordLength, range.upperBound)
                counts[Array(bytes[start..<end]), default: 0] += 1
                start = end
            }
        }
    }

    /// The words as tokens of single bytes, with their counts.
    func words(firstByteToken: TokenID) -> [(symbols: [TokenID], count: Int)] {
        counts.map { word, count in (word.map { firstByteToken + TokenID($0) }, count) }
    }
}
