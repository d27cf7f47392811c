/// How much an engine does at once, and how much it lets wait.
public struct EngineLimits: Sendable, Equatable {
    /// The answers that are read or written at the same time.
    public var streams = 32
    /// The requests that may wait beside them; more are refused.
    public var waiting = 128
    /// The tokens of prompts in a step in which answers are written: the smaller, the more evenly these flow.
    public var promptRows = 64
    /// The tokens of prompts in a step in which nothing is written.
    public var quietPromptRows = 256
    /// The most tokens of one prompt.
    public var promptTokens = 1 << 20
    /// The most answers to one request.
    public var answers = 16

    public init() {}
}
