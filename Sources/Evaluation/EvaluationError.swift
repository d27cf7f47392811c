/// Why something cannot be evaluated.
public enum EvaluationError: Error, Equatable, Sendable {
    /// A line of a JSON Lines file is not what the task needs. Lines count from 1.
    case invalidLine(number: Int, reason: String)
    case lineTooLong(number: Int, byteCount: Int, limit: Int)
    /// There is nothing to measure.
    case nothingToMeasure(what: String)
    case invalidWindow(window: Int, stride: Int)
    /// An interval needs several pairs to be drawn from.
    case tooFewPairs(found: Int, needed: Int)
}

extension EvaluationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidLine(let number, let reason): "line \(number): \(reason)"
        case .lineTooLong(let number, let byteCount, let limit):
            "line \(number) has \(byteCount) bytes; a line may have \(limit)"
        case .nothingToMeasure(let what): "there is nothing to measure: \(what)"
        case .invalidWindow(let window, let stride):
            """
            the window is \(window) tokens and the stride \(stride); the stride must be at least 1 and at most the window, \
            so that every token is predicted
            """
        case .tooFewPairs(let found, let needed):
            "a comparison of \(found) \(found == 1 ? "piece" : "pieces") has no interval; it needs at least \(needed)"
        }
    }
}
