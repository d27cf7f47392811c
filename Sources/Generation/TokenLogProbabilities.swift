internal import Tensors

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Sendable, Equatable {
    /// The token's id.
    public let token: Int
    /// At most 0; −∞ for a token that cannot occur.
    public let logProbability: Double
}

/// What the model itself thought of a token that was chosen, and of the best alternatives: for reports, not for the
/// choice.
public struct TokenLogProbabilities: Sendable, Equatable {
    /// The token asked for.
    public let chosen: TokenLogProbability
    /// The most probable tokens, the best first, the lower id first among equals; none with probability 0.
    public let best: [TokenLogProbability]

    /// Log-softmax of raw logits, for one token and the `count` best.
    ///
    ///     log pᵢ = lᵢ − max l − ln Σ e^(lⱼ − max l)
    ///
    /// - Parameters:
    ///   - token: The token that was chosen.
    ///   - logits: The model's, before ``Sampler`` changed them, `[V]`.
    ///   - count: How many of the best to report; all, if there are fewer.
    /// - Throws: `SamplingError` for NaN, +∞, no possible token, or a token that is not in the vocabulary.
    /// - Complexity: O(V + n·log n) on average.
    public init(of token: Int, in logits: [Float], best count: Int = 0) throws(SamplingError) {
        guard logits.indices.contains(token) else {
            throw .tokenOutsideVocabulary(token: token, vocabularySize: logits.count)
        }
        let greatest = try LogitScan(logits).logit
        let normalizer = Double(greatest) + naturalLogarithm(sumOfExponentials(logits, minus: greatest))

        chosen = TokenLogProbability(token: token, logProbability: Double(logits[token]) - normalizer)
        best = Self.greatest(count, of: logits).map {
            TokenLogProbability(token: $0, logProbability: Double(logits[$0]) - normalizer)
        }
    }

    private static func greatest(_ count: Int, of logits: [Float]) -> [Int] {
        guard count > 0 else { return [] }
        var ranking = logits.map { RankedMass(key: Double($0), mass: 1) }
        let least = Float(ranking.key(reaching: Double(count)) ?? -.infinity)
        // A stable sort by logit keeps equals in order of their ids.
        let atLeast = logits.indices.filter { logits[$0] >= least && logits[$0] > -.infinity }
        return Array(atLeast.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(count))
    }
}
