/// Why something cannot be evaluated.
public enum EvaluationError: Error, Equatable, Sendable {
    /// There is nothing to measure.
    case nothingToMeasure(what: String)
    case invalidWindow(window: Int, stride: Int)
    /// An interval needs several pairs to be drawn from.
    case tooFewPairs(found: Int, needed: Int)
}

extension EvaluationError: CustomStringConvertible {
    public var description: String {
        switch self {
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
