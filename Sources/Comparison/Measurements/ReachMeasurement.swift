internal import LanguageModels
internal import Tensors

/// How strongly a prediction depends on the token so far back.
public struct ReachPoint: Codable, Sendable, Equatable {
    /// How many tokens before the one that is read last.
    public var distance: Int
    /// The mean over windows of ‖∂loss / ∂embedding‖.
    public var norm: Double
}

/// Measures the gradient of a prediction by the tokens that came before, on windows of a text.
struct ReachMeasurement {
    let windowLength: Int
    let windowCount: Int

    func measure(
        _ model: LanguageModel, text: [Int32], on workspace: Workspace, isCancelled: () -> Bool
    ) throws(ModelError) -> [ReachPoint]? {
        var sums = [Double](repeating: 0, count: windowLength)
        let count = max(1, min(windowCount, (text.count - 1) / windowLength))
        for window in 0..<count {
            if isCancelled() { return nil }
            let start = (text.count - 1 - windowLength) * window / max(1, count - 1)
            let tokens = Array(text[start..<start + windowLength])
            let norms = try model.gradientReach(tokens, target: text[start + windowLength], on: workspace)
            for (position, norm) in norms.enumerated() { sums[windowLength - 1 - position] += norm }
        }
        return sums.enumerated().map { ReachPoint(distance: $0.offset, norm: $0.element / Double(count)) }
    }
}
