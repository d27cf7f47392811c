public import LanguageModels
public import Tensors

/// A text that a model is measured on and not trained on.
public struct ValidationSet: Sendable {
    private let tokens: [Int32]
    private let byteCount: Int
    private let windowLength: Int?

    public var tokenCount: Int { tokens.count }

    /// The beginning of the text, of `count` tokens at most.
    func prefix(_ count: Int) -> ValidationSet {
        ValidationSet(
            Array(tokens.prefix(count)), byteCount: byteCount * min(count, tokens.count) / max(1, tokens.count),
            windowLength: windowLength)
    }

    /// - Parameters:
    ///   - tokens: The text; documents end with token 0.
    ///   - byteCount: The bytes of text that the tokens stand for, without the marks between documents.
    ///   - windowLength: Read in windows of so many tokens, each from the first state; as one text if `nil`. So models are
    ///     compared that cannot all go on beyond the context that they were trained with.
    public init(_ tokens: [Int32], byteCount: Int, windowLength: Int? = nil) {
        self.tokens = tokens
        self.byteCount = byteCount
        self.windowLength = windowLength
    }

    /// How well `model` predicts the text, read from its beginning with the state carried through, or window by window.
    ///
    /// Token 0 is read first, so that every token of the text is predicted, ends of documents included.
    /// - Throws: `ModelError` if a token is outside the model's vocabulary.
    public func measure(_ model: LanguageModel, on workspace: Workspace) throws(ModelError) -> ValidationLoss {
        let vocabularySize = model.configuration.vocabularySize
        if let position = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw .tokenOutOfRange(token: tokens[position], position: position, vocabularySize: vocabularySize)
        }
        let tape = Tape(on: workspace)
        if let windowLength { return try measure(model, windows: windowLength, on: tape) }
        var state = model.initialState()
        var sum = 0.0
        let chunk = 512
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let targets = Array(tokens[start..<min(start + chunk, tokens.count)])
            let inputs = [start == 0 ? 0 : tokens[start - 1]] + targets.dropLast()
            let logits = try model(inputs, state: &state, wanted: .all, on: tape)
            for loss in tape.crossEntropies(logits, targets) { sum += Double(loss) }
        }
        return ValidationLoss(nats: sum, tokenCount: tokens.count, byteCount: byteCount)
    }

    /// Some windows at a time go through the model together.
    private func measure(_ model: LanguageModel, windows length: Int, on tape: Tape) throws(ModelError)
        -> ValidationLoss
    {
        let together = max(1, 2048 / length)
        var sum = 0.0
        for first in stride(from: 0, to: tokens.count, by: together * length) {
            let part = first..<min(tokens.count, first + together * length)
            var chunks = stride(from: part.lowerBound, to: part.upperBound, by: length).map { start in
                let targets = tokens[start..<min(start + length, part.upperBound)]
                return SequenceChunk(
                    tokens: [start == 0 ? 0 : tokens[start - 1]] + targets.dropLast(), state: model.initialState(),
                    wanted: .all)
            }
            let logits = try model(&chunks, on: tape)
            for loss in tape.crossEntropies(logits, Array(tokens[part])) { sum += Double(loss) }
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
