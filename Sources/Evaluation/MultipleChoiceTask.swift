public import LanguageModels
public import Tensors
public import Tokenizers
public import TrainingData

/// Questions with several answers to choose from: the model chooses the one that it finds most probable.
///
/// Computed as lm-eval does: question and answer are encoded together, and the tokens beyond those of the question are
/// the answer's; blanks at the question's end count for the answer. Token 0 is read first.
public struct MultipleChoiceTask: Sendable {
    package struct Question: Sendable, Equatable {
        package let context: String
        /// What follows the context, with what stands between both.
        package let continuations: [String]
        /// The Unicode scalars of each answer, without what stands before it.
        package let lengths: [Int]
        package let answer: Int
    }

    package let questions: [Question]

    public var count: Int { questions.count }

    private struct Row: Decodable {
        let context: String
        let choices: [String]
        package let answer: Int
        let delimiter: String?
    }

    /// - Parameters:
    ///   - lines: On each line an object with `context` (the question), `choices` (the answers), `answer` (which of
    ///     them is right, from 0) and, if it is not one blank, `delimiter` (what stands between question and answer).
    ///   - limit: How many questions to take; all if `nil`.
    /// - Throws: `TrainingDataError` for a line that is none; `EvaluationError` if there is no question at all.
    public init(_ lines: JSONLineReader, limit: Int? = nil) throws {
        questions = try lines.map(Row.self, limit: limit) { row in
            guard row.choices.count >= 2 else {
                throw JSONLineReader.Defect("“choices” has \(row.choices.count); a question needs at least 2")
            }
            guard row.choices.indices.contains(row.answer) else {
                throw JSONLineReader.Defect(
                    "“answer” is \(row.answer); the \(row.choices.count) choices are 0 to \(row.choices.count - 1)")
            }
            if let empty = row.choices.firstIndex(of: "") { throw JSONLineReader.Defect("choice \(empty) is empty") }
            let context = row.context.unicodeScalars
            let end = context.lastIndex { !$0.properties.isWhitespace }.map { context.index(after: $0) }
            let blanks = String(context[(end ?? context.startIndex)...])
            return Question(
                context: String(context[..<(end ?? context.startIndex)]),
                continuations: row.choices.map { blanks + (row.delimiter ?? " ") + $0 },
                lengths: row.choices.map(\.unicodeScalars.count), answer: row.answer)
        }
        if questions.isEmpty { throw EvaluationError.nothingToMeasure(what: "the file holds no questions") }
    }

    /// What a model answered.
    public struct Result: Sendable, Equatable {
        public let answers: [Answer]

        public struct Answer: Sendable, Equatable {
            /// log probability of each choice: the sum over its tokens.
            public let logProbabilities: [Double]
            /// Whether the most probable choice is right.
            public let isCorrect: Bool
            /// Whether the choice with the highest log probability per Unicode scalar is right.
            public let isCorrectNormalized: Bool
        }

        /// lm-eval's `acc`.
        public var accuracy: Proportion { Proportion(answers.count(where: \.isCorrect), of: answers.count) }

        /// lm-eval's `acc_norm`: long answers are not at a disadvantage.
        public var normalizedAccuracy: Proportion {
            Proportion(answers.count(where: \.isCorrectNormalized), of: answers.count)
        }

        /// How much more accurate this model was than another, question by question.
        public func accuracyComparison(with other: Result) throws(EvaluationError) -> PairedComparison {
            try compare(other, \.isCorrect)
        }

        /// The same for the length-normalised accuracy.
        public func normalizedAccuracyComparison(with other: Result) throws(EvaluationError) -> PairedComparison {
            try compare(other, \.isCorrectNormalized)
        }

        private func compare(
            _ other: Result, _ isRight: (Answer) -> Bool
        ) throws(EvaluationError) -> PairedComparison {
            precondition(answers.count == other.answers.count, "both models had the same questions")
            return try PairedComparison(
                zip(answers, other.answers).map { own, other in
                    PairedComparison.Pair(difference: (isRight(own) ? 1 : 0) - (isRight(other) ? 1 : 0))
                })
        }
    }

    /// Has the questions answered.
    /// - Parameter progress: Is told how many questions are done.
    /// - Throws: `ModelError` for a token outside the model's vocabulary.
    /// - Complexity: Each question is read once per choice.
    public func measure(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, on workspace: Workspace,
        progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> Result {
        let requests = questions.lazy.flatMap { question in
            question.continuations.map { Self.request(question.context, $0, tokenizer) }
        }
        var answers: [Result.Answer] = []
        var found: [Double] = []
        try TokenScorer(model, on: workspace).score(requests) { _, scores in
            found.append(-scores.reduce(0) { $0 + Double($1.nats) })
            let question = questions[answers.count]
            guard found.count == question.continuations.count else { return }
            let normalized = zip(found, question.lengths).map { $0 / Double($1) }
            answers.append(
                Result.Answer(
                    logProbabilities: found, isCorrect: Self.best(found) == question.answer,
                    isCorrectNormalized: Self.best(normalized) == question.answer))
            found = []
            progress(answers.count)
        }
        return Result(answers: answers)
    }

    private static func request(
        _ context: String, _ continuation: String, _ tokenizer: any Tokenizer
    ) -> ScoringRequest {
        let whole = tokenizer.encode(context + continuation)
        let own = tokenizer.encode(context).count
        // A token that begins in the question and ends in the answer is the answer's, if that has no other.
        let first = max(0, min(own, whole.count - 1))
        return ScoringRequest(inputs: [0] + whole.dropLast(), targets: Array(whole[first...]))
    }

    /// The index of the greatest number, the first of equals.
    private static func best(_ numbers: [Double]) -> Int? {
        numbers.max().flatMap { numbers.firstIndex(of: $0) }
    }
}
