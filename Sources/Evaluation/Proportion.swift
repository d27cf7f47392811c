/// How many of a number of questions were answered rightly.
public struct Proportion: Sendable, Equatable {
    public let count: Int
    public let total: Int

    public init(_ count: Int, of total: Int) {
        self.count = count
        self.total = total
    }

    public var value: Double { Double(count) / Double(max(1, total)) }

    /// The 95 % interval of Wilson (1927) for what the share would be over endlessly many such questions.
    ///
    ///     (p + z²/2n ± z · √(p(1−p)/n + z²/4n²)) / (1 + z²/n),  z = 1.96
    public var interval: ClosedRange<Double> {
        guard total > 0 else { return 0...1 }
        let (n, p, z) = (Double(total), value, 1.959_963_984_540_054)
        let center = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
        return max(0, center - half)...min(1, center + half)
    }
}
