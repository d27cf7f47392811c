public import LanguageModels
public import Tensors
public import TrainingData

/// A text that a model is measured on and not trained on.
public struct ValidationSet: Sendable {
    private let passages: [TrainingSequence]
    private let byteCount: Int

    /// The tokens that are predicted, whether they are measured or not.
    public var tokenCount: Int { passages.reduce(0) { $0 + $1.targetCount } }

    /// The beginning of the text, of `count` tokens at most.
    func prefix(_ count: Int) -> ValidationSet {
        var parts: [TrainingSequence] = []
        var left = count
        for passage in passages where left > 0 {
            parts.append(passage.prefix(left))
            left -= parts[parts.count - 1].targetCount
        }
        return ValidationSet(parts, byteCount: byteCount * min(count, tokenCount) / max(1, tokenCount))
    }

    /// - Parameters:
    ///   - tokens: The text; documents end with token 0.
    ///   - byteCount: The bytes of text that the tokens stand for, without the marks between documents.
    ///   - windowLength: Read in windows of so many tokens, each from the first state; as one text if `nil`. So models are
    ///     compared that cannot all go on beyond the context that they were trained with.
    public init(_ tokens: [Int32], byteCount: Int, windowLength: Int? = nil) {
        let length = max(1, windowLength ?? tokens.count)
        let windows = stride(from: 0, to: tokens.count, by: length).map { start in
            TrainingSequence(
                tokens: [start == 0 ? 0 : tokens[start - 1]] + tokens[start..<min(start + length, tokens.count)])
        }
        self.init(windows, byteCount: byteCount)
    }

    /// - Parameters:
    ///   - passages: Texts that are each read from the model's first state. All their tokens but the first are predicted, and
    ///     those that count are measured.
    ///   - byteCount: The bytes of text that the measured tokens stand for, without the marks between documents.
    public init(_ passages: [TrainingSequence], byteCount: Int) {
        self.passages = passages
        self.byteCount = byteCount
    }

    /// How well `model` predicts the text, each passage read from its beginning with the state carried through.
    ///
    /// Of a text of tokens, token 0 is read first, so that every token is predicted, ends of documents included.
    /// - Throws: `ModelError` if a token is outside the model's vocabulary.
    public func measure(_ model: LanguageModel, on workspace: Workspace) throws(ModelError) -> ValidationLoss {
        let vocabularySize = model.configuration.vocabularySize
        for tokens in passages.map(\.tokens) {
            if let index = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
                throw .tokenOutOfRange(token: tokens[index], position: index - 1, vocabularySize: vocabularySize)
            }
        }
        var (sum, count) = (0.0, 0)
        let requests = passages.lazy.filter { $0.tokens.count > 1 }.map {
            ScoringRequest(inputs: $0.inputs, targets: Array($0.tokens.dropFirst()))
        }
        let counted = passages.filter { $0.tokens.count > 1 }.map(\.counted)
        try TokenScorer(model, on: workspace).score(requests) { index, scores in
            for (position, score) in scores.enumerated() where counted[index]?[position] ?? true {
                sum += Double(score.nats)
                count += 1
            }
        }
        return ValidationLoss(nats: sum, tokenCount: count, byteCount: byteCount)
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
