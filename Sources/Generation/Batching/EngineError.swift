/// Why an engine does not answer a request, or not to its end.
public enum EngineError: Error, Equatable, Sendable {
    /// As many requests wait as may.
    case queueFull(limit: Int)
    /// The request's deadline has passed, while it waited or while it was answered.
    case deadlineExceeded(tokensWritten: Int)
    /// The engine is shutting down.
    case closed
    /// A prompt is longer than is allowed.
    case promptTooLong(tokens: Int, limit: Int)
    /// A request asks for no answer at all, or for more than is allowed.
    case invalidAnswerCount(found: Int, limit: Int)
    /// The first state of a request is not one of its model.
    case stateOfAnotherModel
}

extension EngineError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .queueFull(let limit): "\(limit) requests are waiting already; try again later"
        case .deadlineExceeded(let count): "the deadline passed after \(count) tokens of the answer"
        case .closed: "the engine is shutting down"
        case .promptTooLong(let tokens, let limit): "the prompt has \(tokens) tokens; at most \(limit) are allowed"
        case .invalidAnswerCount(let found, let limit):
            "\(found) answers were asked for; it must be from 1 to \(limit)"
        case .stateOfAnotherModel: "the request's first state is another model's"
        }
    }
}
