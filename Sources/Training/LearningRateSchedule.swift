#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The learning rate of each step: a warm-up, then a way down.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
    /// The form of the way down.
    public enum Shape: String, Codable, Sendable, CaseIterable {
        case cosine, linear, constant
    }

    /// The rate after the warm-up.
    public var peak = 6e-4
    /// The rate at the last step.
    public var last = 6e-5
    /// Over these first steps the rate is multiplied by 0.01 + 0.99 · step / warmupSteps, as in RWKV-LM.
    public var warmupSteps = 20
    public var shape = Shape.cosine

    public init() {}

    /// The rate of step `step` (from 0) of `stepCount`.
    public func rate(step: Int, of stepCount: Int) -> Double {
        let way = Double(step - warmupSteps) / Double(max(1, stepCount - 1 - warmupSteps))
        let progress = min(1, max(0, way))
        let rate =
            switch shape {
            case .cosine: last + (peak - last) * (1 + cos(Double.pi * progress)) / 2
            case .linear: peak + (last - peak) * progress
            case .constant: peak
            }
        guard step < warmupSteps else { return rate }
        return rate * (0.01 + 0.99 * Double(step) / Double(warmupSteps))
    }
}
