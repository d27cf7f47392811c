public import LanguageModels
public import Tokenizers

/// What a model remembers after some tokens, and which tokens these were.
///
/// A value; copies share the state's memory until one of them moves on.
public struct StateSnapshot: Sendable {
    /// The tokens that the state has seen, from the first state on.
    public let tokens: [TokenID]
    /// What the model remembers of them.
    public let state: ModelState
    /// The logits after the last token, `[V]`; `nil` if they were not kept.
    public let logits: [Float]?

    public init(tokens: [TokenID], state: ModelState, logits: [Float]? = nil) {
        self.tokens = tokens
        self.state = state
        self.logits = logits
    }

    /// The memory that the snapshot takes, in bytes.
    public var byteCount: Int { state.byteCount + 4 * (tokens.count + (logits?.count ?? 0)) }
}
