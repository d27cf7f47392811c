/// How numbers are written on an axis and in the drawing.
package enum NumberText {
    /// 1,234,567
    package static func grouped(_ number: Int) -> String {
        var (digits, result) = (String(number.magnitude), "")
        while digits.count > 3 {
            result = "," + digits.suffix(3) + result
            digits.removeLast(3)
        }
        return (number < 0 ? "−" : "") + digits + result
    }

    /// `value` with exactly `decimals` digits after the point, and a real minus sign.
    package static func fixed(_ value: Double, decimals: Int) -> String {
        let scaled = (abs(value) * powerOfTen(decimals)).rounded()
        guard scaled < 9e15 else { return "\(value)" }
        var digits = String(Int(scaled))
        if decimals > 0 {
            digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
            digits.insert(".", at: digits.index(digits.endIndex, offsetBy: -decimals))
        }
        return value < 0 && scaled > 0 ? "−" + digits : digits
    }

    /// The labels of equally spaced ticks: all with the same unit and the same number of decimals.
    ///
    ///     0, 500k, 1000k → "0", "0.5M", "1.0M";   0, 2e-5, 4e-5 → "0", "2×10⁻⁵", "4×10⁻⁵"
    package static func labels(_ ticks: [Double], step: Double) -> [String] {
        let greatest = ticks.map(abs).max() ?? 0
        guard greatest > 0, step > 0 else { return ticks.map { fixed($0, decimals: 0) } }
        let exponent = decimalExponent(greatest)
        let units = [(12, "T"), (9, "B"), (6, "M"), (3, "k")]
        let unit = exponent < 4 ? (0, "") : units.first { $0.0 <= exponent } ?? (0, "")
        let scientific = exponent < -3 || exponent >= 15
        let power = scientific ? exponent : unit.0
        let decimals = min(15, max(0, power - decimalExponent(step)))
        return ticks.map { tick in
            if tick == 0 { return "0" }
            let number = fixed(tick / powerOfTen(power), decimals: decimals)
            return scientific ? timesPowerOfTen(number, power) : number + unit.1
        }
    }

    /// The label of digit·10^exponent, where digit is 1, 2 or 5.
    ///
    ///     plain: 0.002, 0.1, 50, 20k, 1M;   scientific: 2×10⁻³, 10⁻¹, 1, 10, 20, 10²
    package static func label(_ digit: Int, exponent: Int, scientific: Bool) -> String {
        if scientific && exponent != 0 && exponent != 1 { return timesPowerOfTen(String(digit), exponent) }
        let value = Double(digit) * powerOfTen(exponent)
        return exponent < 0 ? fixed(value, decimals: -exponent) : labels([value], step: powerOfTen(exponent))[0]
    }

    /// A coordinate with at most two decimals, no useless zeros, and the ASCII minus that SVG needs.
    package static func coordinate(_ value: Double) -> String {
        let hundredths = Int((min(max(value, -1e9), 1e9) * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
        return "\(sign)\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func timesPowerOfTen(_ number: String, _ exponent: Int) -> String {
        let superscripts = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        let digits = String(abs(exponent)).compactMap(\.wholeNumberValue).map { superscripts[$0] }
        let power = "10" + (exponent < 0 ? "⁻" : "") + String(digits)
        return number == "1" ? power : number == "−1" ? "−" + power : number + "×" + power
    }
}
