/// The greatest logit, the lowest token that has it and how many have it, found while all logits are checked.
struct LogitScan {
    let token: Int
    let logit: Float
    let tieCount: Int

    /// - Throws: ``SamplingError/notANumber(token:)`` and ``SamplingError/positiveInfinity(token:)`` for the first such
    ///   token; ``SamplingError/noTokenPossible(vocabularySize:)``.
    /// - Complexity: O(V).
    init(_ logits: [Float]) throws(SamplingError) {
        var best = -Float.infinity
        var bestToken = -1
        var ties = 0
        for (token, logit) in logits.enumerated() where !(logit < best) {
            if logit == best {
                ties += 1
                continue
            }
            if logit.isNaN { throw .notANumber(token: token) }
            if logit == .infinity { throw .positiveInfinity(token: token) }
            best = logit
            bestToken = token
            ties = 1
        }
        guard bestToken >= 0 else { throw .noTokenPossible(vocabularySize: logits.count) }
        token = bestToken
        logit = best
        tieCount = ties
    }
}
