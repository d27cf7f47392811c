public import LanguageModels
public import Tensors

/// How well a model predicts a text.
///
///     let text = try EvaluationText(documents, tokenizer)
///     let loss = try Perplexity(text, .sliding(window: 1024, stride: 512)).measure(model, on: Workspace())
///     print(loss.perplexity, loss.bitsPerByte)
///
/// Every token of the text is predicted exactly once, the first one and the ends of documents included: token 0 is read
/// before the first.
public struct Perplexity: Sendable {
    /// How much of the text before a token the model has read.
    public enum Context: Sendable, Equatable {
        /// All of it: the state is carried from the beginning to the end, through the ends of documents.
        case carried
        /// What the token's own document has: each begins with a fresh state, many at a time.
        case document
        /// Windows of so many tokens, each from a fresh state, that begin `stride` tokens apart; of each those are counted
        /// that the one before did not reach. So a token has from `window` − `stride` to `window` tokens before it, the
        /// beginning aside, as with models of bounded context
        /// (https://huggingface.co/docs/transformers/perplexity). Windows reach across the ends of documents.
        case sliding(window: Int, stride: Int)
    }

    public let context: Context
    private let text: EvaluationText

    /// - Throws: `EvaluationError.invalidWindow` for a stride that is not from 1 to the window.
    public init(_ text: EvaluationText, _ context: Context = .carried) throws(EvaluationError) {
        if case .sliding(let window, let stride) = context, stride < 1 || stride > window {
            throw .invalidWindow(window: window, stride: stride)
        }
        self.text = text
        self.context = context
    }

    /// The tokens that the model will read.
    public var inputCount: Int { spans.reduce(0) { $0 + $1.read.count } }

    /// Predicts the text.
    /// - Parameter progress: Is told how many of `inputCount` tokens have been read.
    /// - Throws: `ModelError` for a token outside the vocabulary.
    /// - Complexity: O(inputCount) for a given model: windows cost window/stride times as much as the others.
    public func measure(
        _ model: LanguageModel, on workspace: Workspace, progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> TextLoss {
        let requests = spans.lazy.map { span in
            ScoringRequest(
                inputs: span.read.map { $0 == 0 ? 0 : text.tokens[$0 - 1] },
                targets: Array(text.tokens[span.firstScored..<span.read.upperBound]))
        }
        var nats: [Float] = []
        nats.reserveCapacity(text.tokenCount)
        try TokenScorer(model, on: workspace).score(requests, progress: progress) { _, scores in
            nats += scores.map(\.nats)
        }
        return TextLoss(text, nats: nats)
    }

    /// Tokens that are predicted one after the other from a fresh state, and the first of them that counts.
    package struct Span: Equatable {
        /// Token i is predicted when token i − 1 has been read; before token 0 stands the end of another document.
        package let read: Range<Int>
        package let firstScored: Int
    }

    package var spans: [Span] {
        switch context {
        case .carried: return [Span(read: 0..<text.tokenCount, firstScored: 0)]
        case .document: return text.documents.map { Span(read: $0, firstScored: $0.lowerBound) }
        case .sliding(let window, let stride):
            var spans: [Span] = []
            var (start, scored) = (0, 0)
            while scored < text.tokenCount {
                let end = min(text.tokenCount, start + window)
                spans.append(Span(read: start..<end, firstScored: scored))
                (start, scored) = (start + stride, end)
            }
            return spans
        }
    }
}
