internal import Tensors

/// Chooses the next token of one sequence from the model's logits, and remembers what it needs for the choices after.
///
/// One sampler belongs to one sequence; a batch has one per row. It is a value: a copy goes on independently and,
/// given the same logits, identically. Encoded and decoded it goes on as well, so a conversation can be saved at any
/// token.
///
///     let token = try sampler.sample(logits)
///     if parameters.stopTokens.contains(token) { … } else { sampler.accept(token, counted: …) }
///
/// The steps and their order are those of the official package (`sample_logits` and `generate` of `rwkv` 0.8.32), with
/// three steps that it does not have (marked +):
///
/// 1. + logit biases are added;
/// 2. the logits of banned tokens become −∞;
/// 3. `presence + frequency · count` is subtracted from the logit of every token generated before;
/// 4. p = softmax(logits), without temperature;
/// 5. top-p: tokens less probable than the one at which the cumulative sum reaches `topP` go, ties stay;
/// 6. top-k: all but the k most probable go, the lowest ids staying among equals;
/// 7. + min-p;
/// 8. + locally typical, over what is left, renormalised;
/// 9. p^(1/T), renormalised, and one draw.
///
/// Temperature 0, top-p 0 and top-k 1 all mean the greatest logit of step 3 and spend no random number, unless several
/// tokens share it: then one of them is drawn, as in the package; top-k 1 takes the lowest id. The package falls back to
/// the most probable token if, at top-p 1, its cumulative sum ends below 1 by rounding; here nothing is cut then.
/// Without filters and at a temperature of at most 1 nothing is cut at all: a tail of less than 6e-8 becomes no more
/// probable by that, and to look for it takes longer than everything else.
///
/// Sums are in `Double` and in a fixed order, the draw's in that of the ids, and e^x is computed here rather than by
/// the C library, so that a seed gives the same tokens on every machine that computes the same logits.
///
/// A sampler keeps its work space from step to step: 4 bytes per token of the vocabulary if there are adjustments, and
/// 32 per candidate. Greedily it allocates nothing.
public struct Sampler: Sendable {
    /// The parameters it was made with.
    public let parameters: SamplingParameters
    /// The seed in use: the parameters' own, or the one taken from the system.
    public let seed: UInt64
    /// The tokens generated so far, as the penalties see them. Stays empty if there are no penalties.
    public private(set) var occurrences: OccurrenceCounts
    private(set) var random: RandomNumbers
    private var adjusted: [Float] = []
    private var candidates = Candidates()

    /// - Throws: What ``SamplingParameters/validated()`` throws.
    public init(_ parameters: SamplingParameters = SamplingParameters()) throws(SamplingError) {
        let seed = parameters.seed ?? UInt64.random(in: .min ... .max)
        try self.init(
            parameters: parameters, seed: seed, occurrences: OccurrenceCounts(), random: RandomNumbers(seed: seed))
    }

    init(
        parameters: SamplingParameters, seed: UInt64, occurrences: OccurrenceCounts, random: RandomNumbers
    ) throws(SamplingError) {
        self.parameters = try parameters.validated()
        self.seed = seed
        self.occurrences = occurrences
        self.random = random
    }

    /// The next token. It is not recorded: that is ``accept(_:counted:)``'s task, once the caller has decided to go on.
    /// - Parameter logits: One per token of the vocabulary, finite or −∞, `[V]`.
    /// - Throws: `SamplingError` for NaN, for +∞, if no token is possible, or if the parameters name a token ≥ V; no
    ///   random number is spent then.
    /// - Complexity: O(V) on average.
    public mutating func sample(_ logits: [Float]) throws(SamplingError) -> Int {
        if parameters.isGreedy {
            let source = try adjust(logits)
            let greatest = try LogitScan(source)
            guard greatest.tieCount > 1, parameters.topK != 1 else { return greatest.token }
            let place = random.below(greatest.tieCount)
            return source.indices.lazy.filter { source[$0] == greatest.logit }.dropFirst(place).first ?? greatest.token
        }
        if parameters.keepsAll { return try sampleAll(logits) }
        let total = try gather(logits)
        let target = random.uniform() * total
        var sum = 0.0
        for candidate in candidates.kept {
            sum += candidate.weight
            if sum > target { return Int(candidate.token) }
        }
        // The product above may round up to the total itself.
        guard let last = candidates.kept.last(where: { $0.weight > 0 }) else {
            throw .noTokenPossible(vocabularySize: logits.count)
        }
        return Int(last.token)
    }

    /// One draw from all tokens, each with the weight e^((logit − greatest)/T).
    private mutating func sampleAll(_ logits: [Float]) throws(SamplingError) -> Int {
        let source = try adjust(logits)
        let greatest = try LogitScan(source).logit
        let uniform = random.uniform()
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: source.count) { weights in
            let total = sumOfExponentials(source, minus: greatest, times: 1 / parameters.temperature, terms: weights)
            let target = uniform * total
            var sum = 0.0
            for token in weights.indices {
                sum += weights[token]
                if sum > target { return token }
            }
            // The product may round up to the total itself. The greatest logit has the weight 1, so there is such a token.
            return weights.lastIndex { $0 > 0 } ?? 0
        }
    }

    /// Records a token that was generated, for the penalties of the steps after.
    /// - Parameter counted: Whether the frequency penalty applies to it; the official package exempts blanks and
    ///   digits, see ``OccurrenceCounts/isCounted(_:)``.
    public mutating func accept(_ token: Int, counted: Bool = true) {
        guard parameters.hasPenalties else { return }
        occurrences.record(token, counted: counted, decay: parameters.penaltyDecay)
    }

    /// The distribution from which ``sample(_:)`` would draw now, `[V]`: its sum is 1, and what the filters drop has 0.
    /// - Throws: As ``sample(_:)``.
    public func probabilities(for logits: [Float]) throws(SamplingError) -> [Double] {
        var result = [Double](repeating: 0, count: logits.count)
        var copy = self
        if parameters.isGreedy {
            let source = try copy.adjust(logits)
            let greatest = try LogitScan(source)
            if parameters.topK == 1 {
                result[greatest.token] = 1
            } else {
                for token in source.indices where source[token] == greatest.logit {
                    result[token] = 1 / Double(greatest.tieCount)
                }
            }
        } else if parameters.keepsAll {
            let source = try copy.adjust(logits)
            let greatest = try LogitScan(source).logit
            let total = result.withUnsafeMutableBufferPointer {
                sumOfExponentials(source, minus: greatest, times: 1 / parameters.temperature, terms: $0)
            }
            for token in result.indices { result[token] /= total }
        } else {
            let total = try copy.gather(logits)
            for candidate in copy.candidates.kept { result[Int(candidate.token)] = candidate.weight / total }
        }
        return result
    }

    /// The logits after biases, bans and penalties, `[V]`.
    /// - Throws: ``SamplingError/tokenOutsideVocabulary(token:vocabularySize:)``.
    public func adjustedLogits(_ logits: [Float]) throws(SamplingError) -> [Float] {
        var copy = self
        return try copy.adjust(logits)
    }

    private mutating func adjust(_ logits: [Float]) throws(SamplingError) -> [Float] {
        if parameters.logitBias.isEmpty && parameters.bannedTokens.isEmpty && occurrences.tokens.isEmpty {
            return logits
        }
        // Not `adjusted = logits`: that would share the caller's memory and copy it into new memory at the first
        // change.
        adjusted.removeAll(keepingCapacity: true)
        adjusted.append(contentsOf: logits)
        for (token, bias) in parameters.logitBias { adjusted[try checked(token, logits.count)] += bias }
        for token in parameters.bannedTokens { adjusted[try checked(token, logits.count)] = -.infinity }
        try occurrences.penalize(
            &adjusted, presence: parameters.presencePenalty, frequency: parameters.frequencyPenalty)
        return adjusted
    }

    private func checked(_ token: Int, _ vocabularySize: Int) throws(SamplingError) -> Int {
        guard token < vocabularySize else {
            throw .tokenOutsideVocabulary(token: token, vocabularySize: vocabularySize)
        }
        return token
    }

    private mutating func gather(_ logits: [Float]) throws(SamplingError) -> Double {
        let source = try adjust(logits)
        let greatest = try LogitScan(source).logit
        candidates.gather(source, greatest: greatest, topP: parameters.topP, minP: parameters.minP)
        candidates.keepMostProbable(parameters.topK)
        candidates.keepAtLeast(parameters.minP)
        candidates.keepTypical(parameters.typicalP)
        return candidates.heat(parameters.temperature)
    }
}
