public import Tokenizers

/// What becomes of a request, in order: the prompt is read, tokens are written, answers end.
public enum GenerationEvent: Sendable {
    /// The whole prompt has been read.
    case read(PromptReport)
    /// Tokens of an answer were written: those since the last delivery, see `GenerationRequest.delivery`.
    case wrote(answer: Int, [WrittenToken])
    /// An answer has ended.
    case ended(answer: Int, GenerationEnd)
}

/// A token that was written, or characters held back before that are given out.
public struct WrittenToken: Sendable, Equatable {
    /// `nil` where only characters are given out.
    public let token: TokenID?
    /// The characters that it completes.
    public let text: String
    /// What the model thought of it; `nil` unless asked for.
    public let logProbabilities: TokenLogProbabilities?
}

extension [WrittenToken] {
    /// The characters of all of them.
    public var text: String { map(\.text).joined() }
}

/// How a prompt was read.
public struct PromptReport: Sendable {
    /// The prompt's tokens, and how many of them did not have to be read because their state was kept.
    public let tokenCount: Int
    public let cachedCount: Int
    /// Of every token but the first, what the model thought of it; empty unless asked for.
    public let logProbabilities: [TokenLogProbabilities]
}

/// How an answer ended.
public struct GenerationEnd: Sendable {
    public let reason: FinishReason
    /// The tokens written, without the one that ended the text.
    public let tokens: [TokenID]
    /// A state from which the text can go on. It has seen `snapshot.tokens`: all but, at most, the last one written.
    public let snapshot: StateSnapshot
    /// The seed in use, to write the same text again.
    public let seed: UInt64
}
