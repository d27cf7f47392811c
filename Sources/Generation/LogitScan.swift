/// The greatest logit and the lowest token that has it, found while all logits are checked.
struct LogitScan {
    let token: Int
    let logit: Float

    /// - Throws: ``SamplingError/notANumber(token:)`` and ``SamplingError/positiveInfinity(token:)`` for the first such
    ///   token; ``SamplingError/noTokenPossible(vocabularySize:)``.
    /// - Complexity: O(V).
    init(_ logits: [Float]) throws(SamplingError) {
        var best = -Float.infinity
        var bestToken = -1
        for (token, logit) in logits.enumerated() where !(logit <= best) {
            if logit.isNaN { throw .notANumber(token: token) }
            if logit == .infinity { throw .positiveInfinity(token: token) }
            best = logit
            bestToken = token
        }
        guard bestToken >= 0 else { throw .noTokenPossible(vocabularySize: logits.count) }
        token = bestToken
        logit = best
    }
}
