/// One axis of a plot: what it measures, and how numbers become positions.
public struct Axis: Sendable, Equatable {
    /// How positions grow with numbers.
    public enum Scale: String, Sendable, Equatable, Codable {
        /// Equal differences are equally far apart.
        case linear
        /// Equal ratios are equally far apart. Numbers ≤ 0 have no place and are left out.
        case logarithmic
    }

    /// What is measured, and in which unit; nothing is written if it is empty.
    public var title: String
    public var scale: Scale
    /// The numbers at the two ends. `nil` fits them to the data. Without effect if it is not finite, is empty or, on a
    /// logarithmic axis, reaches 0.
    public var range: ClosedRange<Double>?

    public init(_ title: String = "", scale: Scale = .linear, range: ClosedRange<Double>? = nil) {
        self.title = title
        self.scale = scale
        self.range = range
    }

    /// Whether a number has a place on this kind of axis. At the edge of what a `Double` can hold, differences and
    /// margins would overflow.
    func shows(_ value: Double) -> Bool {
        scale == .linear ? abs(value) <= 1e300 : value >= 1e-250 && value <= 1e250
    }

    /// The axis laid over data: its ends and its ticks.
    /// - Parameters:
    ///   - values: All numbers to show; those that ``shows(_:)`` refuses are skipped.
    ///   - margin: How much room to leave at each end, as a part of the whole, unless ``range`` is set.
    ///   - length: Of the axis in pixels.
    ///   - spacing: The least wanted distance of two ticks in pixels.
    func fitted(to values: some Sequence<Double>, margin: Double, length: Double, spacing: Double) -> FittedAxis {
        let (low, high) = ends(values, margin: margin)
        let count = max(2, Int(length / spacing))
        switch scale {
        case .linear: return FittedAxis(axis: self, low: low, high: high, ticks: Tick.linear(low, high, count: count))
        case .logarithmic:
            let ends = (powerOfTen(low), powerOfTen(high))
            return FittedAxis(axis: self, low: low, high: high, ticks: Tick.logarithmic(ends.0, ends.1, count: count))
        }
    }

    /// What a number is on the way to a position: itself, or its decimal logarithm.
    func transformed(_ value: Double) -> Double { scale == .linear ? value : decimalLogarithm(value) }

    private func ends(_ values: some Sequence<Double>, margin: Double) -> (Double, Double) {
        if let range, shows(range.lowerBound), shows(range.upperBound) {
            let (low, high) = (transformed(range.lowerBound), transformed(range.upperBound))
            if Self.isRange(low, high) { return (low, high) }
        }
        var (low, high) = (Double.infinity, -Double.infinity)
        for value in values where shows(value) {
            low = min(low, value)
            high = max(high, value)
        }
        guard low <= high else { return (0, 1) }
        (low, high) = (transformed(low), transformed(high))
        if Self.isRange(low, high) {
            let room = (high - low) * margin
            return (low - room, high + room)
        }
        // One number only: it goes to the middle of a range of its own order of magnitude.
        let size = max(abs(low), abs(high))
        let half = scale == .logarithmic ? 0.5 : size < 1e-280 ? 1 : size / 4
        return (low - half, high + half)
    }

    /// Whether two ends are far enough apart for ticks between them to be different numbers.
    private static func isRange(_ low: Double, _ high: Double) -> Bool {
        high - low > max(1e-12 * max(abs(low), abs(high)), 1e-290)
    }
}

/// An axis with its ends, in transformed numbers, and the ticks between them.
struct FittedAxis {
    let axis: Axis
    let low: Double
    let high: Double
    let ticks: [Tick]

    /// Where a number lies: 0 at the low end, 1 at the high end; `nil` if it has no place on the axis.
    func fraction(_ value: Double) -> Double? {
        axis.shows(value) ? (axis.transformed(value) - low) / (high - low) : nil
    }
}
