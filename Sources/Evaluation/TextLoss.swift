#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What a text cost a model: −log probability, by tokens, bytes and words.
///
/// The ends of documents are paid for, and the bytes of their marks are not counted.
public struct TextLoss: Sendable, Equatable {
    /// −log probability of the whole text.
    public let nats: Double
    public let tokenCount: Int
    public let byteCount: Int
    public let wordCount: Int
    public let lineEndCount: Int
    /// The same for each piece of the text (``EvaluationText/pieceLength``).
    public let pieces: [Piece]

    /// What a piece of the text cost.
    public struct Piece: Sendable, Equatable {
        public var nats: Double
        public var tokenCount: Int
        public let byteCount: Int
    }

    /// - Parameter nats: Of each token.
    init(_ text: EvaluationText, nats: [Float]) {
        var pieces = text.pieceByteCounts.map { Piece(nats: 0, tokenCount: 0, byteCount: $0) }
        for (loss, piece) in zip(nats, text.pieceOfToken) {
            pieces[piece].nats += Double(loss)
            pieces[piece].tokenCount += 1
        }
        self.nats = nats.reduce(0) { $0 + Double($1) }
        tokenCount = text.tokenCount
        byteCount = text.byteCount
        wordCount = text.wordCount
        lineEndCount = text.lineEndCount
        self.pieces = pieces
    }

    /// Comparable between models with one tokenizer.
    public var natsPerToken: Double { nats / Double(max(1, tokenCount)) }

    /// e to the nats per token.
    public var perplexity: Double { exp(natsPerToken) }

    /// Comparable between all models.
    public var bitsPerByte: Double { nats / log(2.0) / Double(max(1, byteCount)) }

    /// e to the nats per word: comparable between all models.
    public var wordPerplexity: Double { exp(nats / Double(max(1, wordCount))) }

    /// The same with the ends of lines as words, the way perplexities of WikiText are published.
    public var wordAndLinePerplexity: Double { exp(nats / Double(max(1, wordCount + lineEndCount))) }

    /// How much more this model paid than another for the same text, in bits per byte, piece by piece.
    public func comparison(with other: TextLoss) throws(EvaluationError) -> PairedComparison {
        precondition(pieces.count == other.pieces.count, "both models read the same text")
        return try PairedComparison(
            zip(pieces, other.pieces).map { own, other in
                PairedComparison.Pair(
                    difference: (own.nats - other.nats) / log(2.0), weight: Double(own.byteCount))
            })
    }
}
