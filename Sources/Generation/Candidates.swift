internal import Tensors

/// A token that may still be drawn.
struct Candidate {
    var token: Int32
    var logit: Float
    /// e^(logit − greatest logit): the probability, but for a factor that all candidates share.
    var weight: Double
}

/// The tokens that the filters leave, in order of their ids.
///
/// A cumulative sum of probabilities counts as having reached its target 2⁻²⁴ before it: the official package sums in
/// `Float`, where the two are one number. So top-p 1 leaves out a tail of less than 6e-8, which only a temperature
/// above 1 could make visible, as it does there.
struct Candidates {
    private(set) var kept: [Candidate] = []
    private var ranking: [RankedMass] = []
    private static let tolerance = 0x1p-24

    /// Keeps the tokens of the nucleus: those whose probability is at least that of the token at which the cumulative
    /// sum, the most probable first, reaches P = `topP`.
    ///
    /// Only few tokens need be ranked. What is cut has at most (1 − P)·Σ together, so a token above (1 − P)·Σ stays.
    /// All tokens below (1 − P)·Σ/V have less than (1 − P)·Σ together, so the sum is reached before them and they go.
    /// `minP` raises the lower bound: to cut there already changes no later result.
    /// - Complexity: O(V) on average.
    mutating func gather(_ logits: [Float], greatest: Float, topP: Double, minP: Double) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: logits.count) { weights in
            let total = sumOfExponentials(logits, minus: greatest, terms: weights)
            gather(logits, weights: weights, total: total, greatest: greatest, topP: topP, minP: minP)
        }
    }

    private mutating func gather(
        _ logits: [Float], weights: UnsafeMutableBufferPointer<Double>, total: Double, greatest: Float, topP: Double,
        minP: Double
    ) {
        let target = max(topP - Self.tolerance, .leastNormalMagnitude) * total
        let bound = max((total - target) / Double(logits.count), minP)
        // 2^exponent ≤ bound, so no logit that is needed lies below this; no logarithm, no rounding to fear.
        let least = max(
            Float(Double(greatest) + Double(bound.exponent) * 0.6931471805599454).nextDown, -.greatestFiniteMagnitude)
        kept.removeAll(keepingCapacity: true)
        ranking.removeAll(keepingCapacity: true)
        var certain = 0.0
        for (token, logit) in logits.enumerated() where logit >= least {
            let weight = weights[token]
            kept.append(Candidate(token: Int32(truncatingIfNeeded: token), logit: logit, weight: weight))
            if weight > total - target {
                certain += weight
            } else {
                ranking.append(RankedMass(key: weight, mass: weight))
            }
        }
        let cutoff = certain < target ? ranking.key(reaching: target - certain) : (total - target).nextUp
        if let cutoff { kept.removeAll { $0.weight < cutoff } }
    }

    /// Keeps the `count` most probable candidates; of equally probable ones, those with the lowest ids.
    mutating func keepMostProbable(_ count: Int) {
        guard count > 0, count < kept.count else { return }
        rank { RankedMass(key: $0.weight, mass: 1) }
        guard let least = ranking.key(reaching: Double(count)) else { return }
        var room = count - kept.count { $0.weight > least }
        kept.removeAll {
            guard $0.weight == least else { return $0.weight < least }
            room -= 1
            return room < 0
        }
    }

    /// Keeps the candidates at least `fraction` times as probable as the most probable token, whose weight is 1.
    mutating func keepAtLeast(_ fraction: Double) {
        if fraction > 0 { kept.removeAll { $0.weight < fraction } }
    }

    /// Keeps the candidates whose information −log p is nearest the entropy H, until they have `mass` of the
    /// probability.
    ///
    ///     |−log pᵢ − H| = |dᵢ − Σ pⱼ·dⱼ|,   dᵢ = logitᵢ − greatest logit, since the normaliser cancels
    mutating func keepTypical(_ mass: Double) {
        guard mass < 1, let top = kept.lazy.map(\.logit).max() else { return }
        var (total, product) = (0.0, 0.0)
        for candidate in kept {
            total += candidate.weight
            product += candidate.weight * (Double(candidate.logit) - Double(top))
        }
        let mean = product / total
        keep(reaching: (mass - Self.tolerance) * total) {
            RankedMass(key: -abs(Double($0.logit) - Double(top) - mean), mass: $0.weight)
        }
    }

    /// Gives each candidate the weight p^(1/T); returns their sum, in order of ids.
    ///
    ///     p^(1/T) = e^((logit − greatest) / T) · a factor that all share
    mutating func heat(_ temperature: Double) -> Double {
        if temperature != 1, let top = kept.lazy.map(\.logit).max() {
            withUnsafeTemporaryAllocation(of: Double.self, capacity: kept.count) { weights in
                _ = sumOfExponentials(kept.map(\.logit), minus: top, times: 1 / temperature, terms: weights)
                for i in kept.indices { kept[i].weight = weights[i] }
            }
        }
        return kept.reduce(0) { $0 + $1.weight }
    }

    private mutating func rank(_ element: (Candidate) -> RankedMass) {
        ranking.removeAll(keepingCapacity: true)
        for candidate in kept { ranking.append(element(candidate)) }
    }

    private mutating func keep(reaching target: Double, _ element: (Candidate) -> RankedMass) {
        rank(element)
        // A limit below the tolerance still keeps the first token of the ranking, and its equals.
        if let least = ranking.key(reaching: max(target, .leastNormalMagnitude)) {
            kept.removeAll { element($0).key < least }
        }
    }
}
