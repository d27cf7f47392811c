/// How the next token is chosen from the logits; see ``Sampler`` for what each step does, and in which order.
///
/// The defaults are those of the official `rwkv` package for Python (its `PIPELINE_ARGS` with the penalties that its
/// examples use). Note that with the default penalties even a greedy choice depends on what was generated before:
/// ``greedy`` sets them to zero.
public struct SamplingParameters: Sendable, Equatable {
    /// Flattens (above 1) or sharpens (below 1) what the filters leave: p becomes p^(1/T). 0 chooses greedily.
    public var temperature: Double = 1
    /// Keeps the k most probable tokens; of tokens equally probable, those with the lowest ids. 0 keeps all, 1 is
    /// greedy.
    public var topK: Int = 0
    /// Keeps the most probable tokens that together reach this mass (nucleus sampling; Holtzman et al., 2020).
    /// Tokens as probable as the last one kept are kept as well. 1 keeps all, 0 is greedy.
    public var topP: Double = 0.85
    /// Keeps the tokens at least this many times as probable as the most probable one. 0 keeps all.
    public var minP: Double = 0
    /// Keeps the tokens whose information is nearest the distribution's entropy, up to this mass (locally typical
    /// sampling; Meister et al., 2023). 1 keeps all.
    public var typicalP: Double = 1
    /// Subtracted from the logit of every token generated before.
    public var presencePenalty: Double = 0.2
    /// Subtracted from the logit of every token generated before, times its decayed number of occurrences.
    public var frequencyPenalty: Double = 0.2
    /// What is left of the number of occurrences at each later token.
    public var penaltyDecay: Double = 0.996
    /// Added to the logits of these tokens, before anything else.
    public var logitBias: [Int: Float] = [:]
    /// Tokens that are never chosen, whatever their bias.
    public var bannedTokens: Set<Int> = []
    /// Tokens that end the text. The sampler may choose them; whoever drives it stops, and shows and records nothing.
    public var stopTokens: Set<Int> = []
    /// The same seed, parameters and logits give the same tokens. `nil` takes a seed from the system.
    public var seed: UInt64?

    /// The official package's defaults.
    public init() {}

    /// The most probable token each time, without penalties.
    public static var greedy: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.temperature = 0
        parameters.presencePenalty = 0
        parameters.frequencyPenalty = 0
        return parameters
    }

    /// The model's own distribution: no filter, no penalty, temperature 1.
    public static var unfiltered: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.topP = 1
        parameters.presencePenalty = 0
        parameters.frequencyPenalty = 0
        return parameters
    }

    /// The settings of the official chat demonstration: a small nucleus and firm penalties.
    public static var chat: SamplingParameters {
        var parameters = SamplingParameters()
        parameters.topP = 0.3
        parameters.presencePenalty = 0.5
        parameters.frequencyPenalty = 0.5
        return parameters
    }

    /// Whether the choice is the greatest logit, and so needs no random number but to choose among equals.
    public var isGreedy: Bool { temperature == 0 || topP == 0 || topK == 1 }

    /// Whether every token may be drawn: there are no filters, and the temperature makes no unlikely one more probable.
    var keepsAll: Bool {
        topP >= 1 && topK == 0 && minP == 0 && typicalP >= 1 && (0.01...1).contains(temperature)
    }

    var hasPenalties: Bool { presencePenalty != 0 || frequencyPenalty != 0 }
}

extension SamplingParameters: Codable {
    /// Reads what is there and leaves the rest at its default, so that a settings file may name one number only.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into value: inout Value) throws {
            value = try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        try read(.temperature, into: &temperature)
        try read(.topK, into: &topK)
        try read(.topP, into: &topP)
        try read(.minP, into: &minP)
        try read(.typicalP, into: &typicalP)
        try read(.presencePenalty, into: &presencePenalty)
        try read(.frequencyPenalty, into: &frequencyPenalty)
        try read(.penaltyDecay, into: &penaltyDecay)
        try read(.logitBias, into: &logitBias)
        try read(.bannedTokens, into: &bannedTokens)
        try read(.stopTokens, into: &stopTokens)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
    }
}
