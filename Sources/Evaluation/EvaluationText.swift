public import Tokenizers

/// A text to be predicted: documents as tokens, and as what every tokenizer agrees on, their bytes and words.
public struct EvaluationText: Sendable {
    /// The tokens of all documents, each followed by token 0.
    let tokens: [TokenID]
    /// Where each document's tokens begin and end, with the token 0 behind it.
    let documents: [Range<Int>]
    /// Which piece each token belongs to; see `pieceLength`.
    let pieceOfToken: [Int]
    /// The bytes of each piece.
    let pieceByteCounts: [Int]
    /// The bytes of all documents.
    public let byteCount: Int
    /// Runs of bytes other than blanks, tabs and line ends.
    public let wordCount: Int
    /// Line feeds, which the published counts of WikiText's words have as words of their own.
    public let lineEndCount: Int

    /// The bytes after which a document is cut into pieces for comparisons: about a page, so that neighbours hardly
    /// depend on each other, and a document of a page or less is one piece.
    public static let pieceLength = 2048

    /// - Parameter documents: The bytes of each; empty ones are passed over.
    /// - Throws: `EvaluationError.nothingToMeasure` if there are no bytes.
    public init(_ documents: [[UInt8]], _ tokenizer: any Tokenizer) throws(EvaluationError) {
        var (tokens, ranges, pieces, pieceSizes): ([TokenID], [Range<Int>], [Int], [Int]) = ([], [], [], [])
        var (bytes, words, lineEnds) = (0, 0, 0)
        for document in documents where !document.isEmpty {
            let start = tokens.count
            let firstPiece = pieceSizes.count
            let count = (document.count + Self.pieceLength - 1) / Self.pieceLength
            for piece in 0..<count {
                pieceSizes.append(min(Self.pieceLength, document.count - piece * Self.pieceLength))
            }
            var offset = 0
            for token in tokenizer.encode(bytes: document) {
                tokens.append(token)
                // A tokenizer that normalises may give back more bytes than it was given.
                pieces.append(firstPiece + min(count - 1, offset / Self.pieceLength))
                offset += tokenizer.bytes(of: token)?.count ?? 0
            }
            tokens.append(0)
            pieces.append(firstPiece + count - 1)
            ranges.append(start..<tokens.count)
            bytes += document.count
            words += Self.wordCount(document)
            lineEnds += document.count { $0 == 0x0A }
        }
        if ranges.isEmpty { throw .nothingToMeasure(what: "the text is empty") }
        self.tokens = tokens
        self.documents = ranges
        pieceOfToken = pieces
        pieceByteCounts = pieceSizes
        byteCount = bytes
        wordCount = words
        lineEndCount = lineEnds
    }

    public var tokenCount: Int { tokens.count }
    public var documentCount: Int { documents.count }

    private static func wordCount(_ bytes: [UInt8]) -> Int {
        var (count, isInside) = (0, false)
        for byte in bytes {
            let isBlank = byte == 0x20 || (0x09...0x0D).contains(byte)
            if !isBlank && !isInside { count += 1 }
            isInside = !isBlank
        }
        return count
    }
}
