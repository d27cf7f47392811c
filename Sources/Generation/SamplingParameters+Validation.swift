extension SamplingParameters {
    /// The parameters themselves, if every one of them has a meaning.
    ///
    /// Which tokens exist is known only once there are logits; ``Sampler/sample(_:)`` checks that.
    /// - Throws: ``SamplingError/parameterOutOfRange(name:found:needed:)`` for the first number outside its range, NaN
    ///   and infinities included; ``SamplingError/negativeToken(list:token:)``.
    public func validated() throws(SamplingError) -> SamplingParameters {
        try require("temperature", temperature, "a finite number, at least 0") { $0.isFinite && $0 >= 0 }
        try require("topK", Double(topK), "0 (no limit) or more") { $0 >= 0 }
        try require("topP", topP, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        try require("minP", minP, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        try require("typicalP", typicalP, "above 0 and at most 1") { $0 > 0 && $0 <= 1 }
        try require("presencePenalty", presencePenalty, "a finite number") { $0.isFinite }
        try require("frequencyPenalty", frequencyPenalty, "a finite number") { $0.isFinite }
        try require("penaltyDecay", penaltyDecay, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            try require("logitBias[\(token)]", Double(bias), "a finite number") { $0.isFinite }
        }
        try requireTokens("logitBias", logitBias.keys)
        try requireTokens("bannedTokens", bannedTokens)
        try requireTokens("stopTokens", stopTokens)
        return self
    }

    private func require(
        _ name: String, _ value: Double, _ needed: String, _ holds: (Double) -> Bool
    ) throws(SamplingError) {
        guard holds(value) else { throw .parameterOutOfRange(name: name, found: value, needed: needed) }
    }

    private func requireTokens(_ list: String, _ tokens: some Collection<Int>) throws(SamplingError) {
        if let least = tokens.min(), least < 0 { throw .negativeToken(list: list, token: least) }
    }
}
