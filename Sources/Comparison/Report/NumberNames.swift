internal import Plots

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Numbers as people read them.
enum NumberNames {
    /// Three digits that count: 0.0123, 1.23, 123.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        if value == 0 { return "0" }
        let places = max(0, 2 - Int(log10(abs(value)).rounded(.down)))
        if places > 6 { return String(value) }
        return decimals(value, places)
    }

    static func decimals(_ value: Double, _ places: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let scale = pow(10, Double(places))
        let whole = Int((abs(value) * scale).rounded())
        let sign = value < 0 && whole > 0 ? "−" : ""
        if places == 0 { return sign + grouped(whole) }
        let (integer, fraction) = whole.quotientAndRemainder(dividingBy: Int(scale))
        let digits = String(fraction)
        return "\(sign)\(grouped(integer)).\(String(repeating: "0", count: places - digits.count))\(digits)"
    }

    static func grouped(_ number: Int) -> String { NumberText.grouped(number) }

    static func bytes(_ count: Int) -> String {
        switch count {
        case ..<10_000: "\(grouped(count)) B"
        case ..<10_000_000: "\(short(Double(count) / 1e3)) kB"
        default: "\(short(Double(count) / 1e6)) MB"
        }
    }

    static func seconds(_ value: Double) -> String {
        switch value {
        case ..<1e-3: "\(short(value * 1e6)) µs"
        case ..<1: "\(short(value * 1e3)) ms"
        case ..<120: "\(short(value)) s"
        default: "\(short(value / 60)) min"
        }
    }
}
