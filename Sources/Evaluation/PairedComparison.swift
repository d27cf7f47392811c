internal import Tensors

/// Whether two models differ on what both were measured on, or whether the difference may be chance.
///
/// The paired bootstrap (Efron 1979; for language tasks Koehn 2004): the pairs are drawn anew with replacement, as many
/// as there are, again and again; the middle 95 % of the differences so found are the interval. What both models find
/// hard or easy alike cancels within a pair, so the interval is narrower than those of the two figures suggest.
public struct PairedComparison: Sendable, Equatable {
    /// What two models made of one document, piece or question.
    public struct Pair: Sendable, Equatable {
        /// The first model's figure less the second's.
        public let difference: Double
        /// What it is divided by: bytes for bits per byte, 1 for a question.
        public let weight: Double

        public init(difference: Double, weight: Double = 1) {
            self.difference = difference
            self.weight = weight
        }
    }

    /// Σ difference / Σ weight, over all pairs.
    public let difference: Double
    /// Where it lies with 95 % confidence.
    public let interval: ClosedRange<Double>
    public let pairCount: Int

    /// Whether the interval leaves 0 out.
    public var isSignificant: Bool { !interval.contains(0) }

    /// - Parameters:
    ///   - pairs: With weights above 0.
    ///   - resampleCount: How often to draw; less often with very many pairs, whose interval needs no more.
    ///   - seed: The same seed gives the same interval.
    /// - Throws: `EvaluationError.tooFewPairs` for less than two.
    /// - Complexity: O(pairs · resamples), at most some 50 million draws.
    public init(_ pairs: [Pair], resampleCount: Int = 10_000, seed: UInt64 = 1) throws(EvaluationError) {
        guard pairs.count >= 2 else { throw .tooFewPairs(found: pairs.count, needed: 2) }
        func ratio(_ sums: (difference: Double, weight: Double)) -> Double {
            sums.weight > 0 ? sums.difference / sums.weight : 0
        }
        pairCount = pairs.count
        difference = ratio(pairs.reduce((0, 0)) { ($0.0 + $1.difference, $0.1 + $1.weight) })
        var random = RandomNumbers(seed: seed)
        let count = max(2, min(resampleCount, max(1000, 50_000_000 / pairs.count)))
        var found: [Double] = []
        found.reserveCapacity(count)
        for _ in 0..<count {
            var sums = (difference: 0.0, weight: 0.0)
            for _ in pairs.indices {
                let pair = pairs[random.below(pairs.count)]
                sums.difference += pair.difference
                sums.weight += pair.weight
            }
            found.append(ratio(sums))
        }
        found.sort()
        let tail = Int((0.025 * Double(count)).rounded(.down))
        interval = found[tail]...found[count - 1 - tail]
    }
}
