public import LanguageModels
public import Tensors

/// A text that a model is measured on and not trained on.
public struct ValidationSet: Sendable {
    private let tokens: [Int32]
    private let byteCount: Int

    public var tokenCount: Int { tokens.count }

    /// The beginning of the text, of `count` tokens at most.
    func prefix(_ count: Int) -> ValidationSet {
        ValidationSet(
            Array(tokens.prefix(count)), byteCount: byteCount * min(count, tokens.count) / max(1, tokens.count))
    }

    /// - Parameters:
    ///   - tokens: The text; documents end with token 0.
    ///   - byteCount: The bytes of text that the tokens stand for, without the marks between documents.
    public init(_ tokens: [Int32], byteCount: Int) {
        self.tokens = tokens
        self.byteCount = byteCount
    }

    /// How well `model` predicts the text, read from its beginning with the state carried through.
    ///
    /// Token 0 is read first, so that every token of the text is predicted, ends of documents included.
    /// - Throws: `ModelError` if a token is outside the model's vocabulary.
    public func measure(_ model: LanguageModel, on workspace: Workspace) throws(ModelError) -> ValidationLoss {
        let vocabularySize = model.configuration.vocabularySize
        if let position = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw .tokenOutOfRange(token: tokens[position], position: position, vocabularySize: vocabularySize)
        }
        var sum = 0.0
        if !tokens.isEmpty {
            for score in try TokenScorer(model, on: workspace).score(ScoringRequest(text: tokens)) {
                sum += Double(score.nats)
            }
        }
        return ValidationLoss(nats: sum, tokenCount: tokens.count, byteCount: byteCount)
    }
}

/// What a validation text cost.
public struct ValidationLoss: Sendable, Equatable, Codable {
    /// −log probability of the whole text.
    public let nats: Double
    public let tokenCount: Int
    public let byteCount: Int

    /// The mean over tokens, in nats: comparable between models with one tokenizer.
    public var natsPerToken: Double { nats / Double(max(tokenCount, 1)) }

    /// Comparable between all models: the ends of documents are paid for and their marks' bytes are not counted.
    public var bitsPerByte: Double { nats / 0.693_147_180_559_945_3 / Double(max(byteCount, 1)) }
}
