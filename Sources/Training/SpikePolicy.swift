/// What is done about a step whose loss tells that something is wrong.
public struct SpikePolicy: Codable, Sendable, Equatable {
    public enum Action: String, Codable, Sendable, CaseIterable {
        /// The run ends; its last checkpoint is kept.
        case stop
        /// The weights and the optimiser stay as they were, and the run goes on with the next batch.
        case skip
        /// The step is taken. Not possible for numbers that are not finite.
        case ignore
    }

    /// When the loss or a gradient is NaN or infinite: `stop` or `skip`.
    public var notFinite = Action.stop
    /// When the loss lies far above those of the steps before.
    public var spike = Action.ignore
    /// How far: in standard deviations of the last steps' losses.
    public var threshold = 6.0
    /// The steps skipped in a row after which the run stops nevertheless: no later batch will mend what is broken.
    public var patience = 10

    public init() {}
}

/// The course of a run's loss: mean and spread of about the last hundred steps.
///
///     mean ← mean + (loss − mean) / n;  variance ← variance + ((loss − mean)(loss − mean′) − variance) / n
///
/// with n the number of losses, 100 at most (Welford's update, then exponential forgetting). Part of a checkpoint, so that a
/// resumed run judges as an uninterrupted one does.
public struct LossTrend: Codable, Sendable, Equatable {
    public private(set) var mean = 0.0
    public private(set) var variance = 0.0
    public private(set) var count = 0
    /// The steps that have been skipped in all, and since the last that was not.
    public private(set) var skippedCount = 0
    public private(set) var skippedInRow = 0

    public init() {}

    /// Whether `loss` lies more than `threshold` standard deviations above the mean. Twenty steps must have been seen. A
    /// spread below a hundredth of the mean counts as that: a loss that hardly moves would make spikes of nothing.
    public func isSpike(_ loss: Double, threshold: Double) -> Bool {
        count >= 20 && loss > mean + threshold * max(variance.squareRoot(), 0.01 * mean)
    }

    /// A step was taken.
    mutating func add(_ loss: Double) {
        count = min(count + 1, 100)
        let difference = loss - mean
        mean += difference / Double(count)
        variance += (difference * (loss - mean) - variance) / Double(count)
        skippedInRow = 0
    }

    /// A step was skipped.
    mutating func skip() {
        skippedCount += 1
        skippedInRow += 1
    }
}
