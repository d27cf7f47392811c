/// What an engine has done so far and does now.
public struct EngineCounts: Sendable, Equatable {
    /// Tokens of prompts that were read, and those that were not because their state was kept.
    public var tokensRead = 0
    public var tokensReused = 0
    public var tokensWritten = 0
    /// Forward calls, and the rows of all of them.
    public var steps = 0
    public var rows = 0
    /// Requests accepted, refused, answered to the end, given up by their clients, and failed.
    public var accepted = 0
    public var refused = 0
    public var finished = 0
    public var cancelled = 0
    public var failed = 0
    /// Requests that wait, and answers that are read or written, now.
    public var waiting = 0
    public var running = 0
    /// The seconds that forward calls and choices of tokens took.
    public var busySeconds = 0.0

    public init() {}
}
