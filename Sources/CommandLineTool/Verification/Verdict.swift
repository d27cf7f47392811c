internal import RWKV

/// What a golden case showed: several comparisons, each with its own tolerance.
struct Verdict: CustomStringConvertible {
    var checks: [Check]
    var failure: String?

    /// One comparison.
    struct Check {
        let what: String
        /// The largest difference, and what it may be.
        let difference: Double
        let tolerance: Double

        // A NaN is no smaller than any tolerance.
        var passed: Bool { difference <= tolerance }
    }

    var passed: Bool { failure == nil && !checks.isEmpty && checks.allSatisfy(\.passed) }

    var description: String {
        if let failure { return failure }
        return checks.map { check in
            "\(check.what) \(formatScientific(check.difference)) (≤ \(formatScientific(check.tolerance)))\(check.passed ? "" : " !")"
        }.joined(separator: "  ")
    }
}

/// The largest |a − b|; infinite if the lengths differ, if a number is NaN, or if all that is expected is zero, because
/// a comparison with nothing proves nothing.
func largestDifference(_ found: some Collection<Float>, _ expected: some Collection<Float>) -> Double {
    guard found.count == expected.count, expected.contains(where: { $0 != 0 }) else { return .infinity }
    var largest = 0.0
    for (a, b) in zip(found, expected) {
        let difference = abs(Double(a) - Double(b))
        if difference.isNaN { return .infinity }
        largest = max(largest, difference)
    }
    return largest
}
