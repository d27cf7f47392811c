public import LanguageModels
public import Tokenizers

/// What a ``BatchEngine`` is asked for: to read some tokens and to write one or several answers to them.
public struct GenerationRequest: Sendable {
    public var model: LanguageModel
    public var tokenizer: any Tokenizer
    /// What is read, from the first state on; at least one token.
    public var tokens: [TokenID]
    /// The state before the first token, such as a tuned one; the model's own if `nil`.
    public var firstState: ModelState?
    /// States after beginnings of `tokens` that the caller has at hand; the longest one saves most.
    public var snapshots: [StateSnapshot] = []
    /// Where states may be shared with other requests: the name of the model and of its first state; nowhere if `nil`.
    public var cacheSpace: String?
    /// Numbers of tokens after which others may go on differently, such as the end of a system prompt: the states there
    /// are kept for them.
    public var boundaries: [Int] = []
    /// How tokens are chosen, for each answer. The prompt is read once for all of them.
    public var answers: [SamplingParameters]
    /// Texts that end an answer; they are not shown.
    public var stopStrings: [String] = []
    /// The most tokens of each answer; 0 only reads.
    public var maximumTokens = Int.max
    /// What the answers must be like; anything if `nil`.
    public var constraint: (any TokenConstraint)?
    /// With each token written, report its log probability and those of so many of the best; nothing if `nil`.
    public var logProbabilityCount: Int?
    /// Report the log probabilities of the tokens read as well. The whole prompt is then read, whatever was kept of it.
    public var reportsPrompt = false
    /// When tokens are handed out.
    public var delivery = Delivery.atOnce
    /// Set by the caller when nobody waits for the answer any more; the stream then throws `CancellationError`.
    public var cancellation: CancellationFlag?
    /// When the request is of no use any more.
    public var deadline: ContinuousClock.Instant?

    /// When tokens are handed out. Each delivery wakes whoever waits for it, on a processor that could have computed: with
    /// many answers at once that costs as much as the tokens themselves.
    public enum Delivery: Sendable, Equatable {
        /// Every token when it has been written.
        case atOnce
        /// The first token at once, later ones together at the end of each such period, which is the same for all requests
        /// that have it. Readers of a text notice nothing of 40 ms, the time of a picture in a film.
        case every(Duration)
        /// All tokens when the answer has ended.
        case atEnd
    }

    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, tokens: [TokenID],
        answers: [SamplingParameters] = [SamplingParameters()]
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.tokens = tokens
        self.answers = answers
    }
}
