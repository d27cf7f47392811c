public import LanguageModels
public import Tensors
public import Tokenizers
public import TrainingData

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Predicting the last word of passages, as LAMBADA asks for (Paperno et al. 2016, arXiv:1606.06031).
///
/// Computed as RWKV-LM's scripts do: a passage is cut at its last blank; token 0 and the tokens of the part before it are
/// read; the blank and the word, encoded by themselves, are to be predicted.
public struct LastWordTask: Sendable {
    /// A passage without its last word, and that word with the blank before it.
    package struct Passage: Sendable, Equatable {
        package let context: String
        package let word: String

        package init(context: String, word: String) {
            self.context = context
            self.word = word
        }
    }

    package let passages: [Passage]

    public var count: Int { passages.count }

    /// - Parameters:
    ///   - lines: An object with the passage as `text` on each line.
    ///   - limit: How many passages to take; all if `nil`.
    /// - Throws: `TrainingDataError` for a line that is none or a passage without a blank; `EvaluationError` if there is no
    ///   passage at all.
    public init(_ lines: JSONLineReader, limit: Int? = nil) throws {
        struct Row: Decodable {
            let text: String
        }
        passages = try lines.map(Row.self, limit: limit) { row in
            // By scalars: a blank with a combining mark is one character, and not a blank.
            let scalars = row.text.unicodeScalars
            guard let blank = scalars.lastIndex(of: " ") else {
                throw JSONLineReader.Defect("“text” has no blank before its last word")
            }
            return Passage(context: String(scalars[..<blank]), word: String(scalars[blank...]))
        }
        if passages.isEmpty { throw EvaluationError.nothingToMeasure(what: "the file holds no passages") }
    }

    /// What a model made of the passages.
    public struct Result: Sendable, Equatable {
        /// Of each passage, in their order.
        public let answers: [Answer]

        public struct Answer: Sendable, Equatable {
            /// −log probability of the word: the sum over its tokens.
            public let nats: Double
            /// Whether each of its tokens is the most probable one, those before it given.
            public let isCorrect: Bool
        }

        /// How many words would have been written by always taking the most probable token.
        public var accuracy: Proportion { Proportion(answers.count(where: \.isCorrect), of: answers.count) }

        /// e to the mean of the words' −log probabilities: per word, however many tokens it has.
        public var perplexity: Double { exp(natsPerWord) }

        var natsPerWord: Double { answers.reduce(0) { $0 + $1.nats } / Double(max(1, answers.count)) }

        /// How much more accurate this model was than another, passage by passage.
        public func accuracyComparison(with other: Result) throws(EvaluationError) -> PairedComparison {
            try compare(other) { $0.isCorrect ? 1 : 0 }
        }

        /// The difference of the logarithms of the perplexities, passage by passage.
        public func logPerplexityComparison(with other: Result) throws(EvaluationError) -> PairedComparison {
            try compare(other) { $0.nats }
        }

        private func compare(
            _ other: Result, _ value: (Answer) -> Double
        ) throws(EvaluationError) -> PairedComparison {
            precondition(answers.count == other.answers.count, "both models had the same passages")
            return try PairedComparison(
                zip(answers, other.answers).map { PairedComparison.Pair(difference: value($0) - value($1)) })
        }
    }

    /// Has the words predicted.
    /// - Parameter progress: Is told how many passages are done.
    /// - Throws: `ModelError` for a token outside the model's vocabulary.
    public func measure(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, on workspace: Workspace,
        progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> Result {
        let requests = passages.lazy.map { passage in
            let targets = tokenizer.encode(passage.word)
            return ScoringRequest(
                inputs: [0] + tokenizer.encode(passage.context) + targets.dropLast(), targets: targets)
        }
        var answers: [Result.Answer] = []
        try TokenScorer(model, on: workspace).score(requests, asksForBest: true) { index, scores in
            answers.append(
                Result.Answer(
                    nats: scores.reduce(0) { $0 + Double($1.nats) }, isCorrect: scores.allSatisfy(\.isBest)))
            progress(index + 1)
        }
        return Result(answers: answers)
    }
}
