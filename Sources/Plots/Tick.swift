/// A marked number on an axis.
package struct Tick: Equatable {
    package let value: Double
    package let label: String

    /// Multiples of 1, 2 or 5 times a power of ten from `low` to `high`: about `count` of them, never more than
    /// `count` + 1.
    package static func linear(_ low: Double, _ high: Double, count: Int) -> [Tick] {
        let least = (high - low) / Double(count)
        let power = powerOfTen(decimalExponent(least))
        let step = ([1, 2, 5].map { $0 * power }.first { $0 >= least * (1 - 1e-9) }) ?? 10 * power
        // A tick that rounding puts just outside an end belongs to it.
        let first = (low / step - 1e-6).rounded(.up)
        let last = (high / step + 1e-6).rounded(.down)
        guard first <= last else { return [] }
        let values = stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
        return zip(values, NumberText.labels(values, step: step)).map { Tick(value: $0, label: $1) }
    }

    /// Powers of ten from `low` to `high`, every n-th if there are too many; 2 and 5 times them where there is room.
    /// Over less than one decade, the linear ticks.
    package static func logarithmic(_ low: Double, _ high: Double, count: Int) -> [Tick] {
        let (first, last) = (decimalLogarithm(low) - 1e-9, decimalLogarithm(high) + 1e-9)
        let decades = last - first
        if decades < 1 { return linear(low, high, count: count) }
        let digits = decades * 3 <= Double(count) ? [1, 2, 5] : [1]
        let stride = max(1, Int((decades / Double(count)).rounded(.up)))
        let exponents = Int(first.rounded(.down))...Int(last.rounded(.up))
        let scientific = Int(first.rounded(.up)) < -3 || Int(last.rounded(.down)) >= 15
        var ticks: [Tick] = []
        for exponent in exponents where exponent % stride == 0 {
            for digit in digits {
                let position = Double(exponent) + decimalLogarithm(Double(digit))
                guard position >= first && position <= last else { continue }
                ticks.append(
                    Tick(
                        value: Double(digit) * powerOfTen(exponent),
                        label: NumberText.label(digit, exponent: exponent, scientific: scientific)))
            }
        }
        return ticks
    }
}
