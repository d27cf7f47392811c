import Foundation
import Generation
import Tensors
import Testing

@Suite("Sampler")
struct SamplerTests {
    private func logits(_ count: Int, _ random: inout RandomNumbers) -> [Float] {
        (0..<count).map { _ in random.uniform(in: -3...3) }
    }

    private func run(_ sampler: inout Sampler, over stream: some Sequence<[Float]>) throws -> [Int] {
        try stream.map { logits in
            let token = try sampler.sample(logits)
            sampler.accept(token, counted: token % 3 != 0)
            return token
        }
    }

    private func seeded(_ seed: UInt64?) throws -> Sampler {
        var parameters = SamplingParameters()
        parameters.seed = seed
        return try Sampler(parameters)
    }

    @Test("One seed gives one text, another seed another")
    func seeds() throws {
        var random = RandomNumbers(seed: 1)
        let stream = (0..<60).map { _ in logits(200, &random) }
        var (first, second, third) = (try seeded(8), try seeded(8), try seeded(9))
        let tokens = try run(&first, over: stream)
        #expect(tokens == (try run(&second, over: stream)))
        #expect(tokens != (try run(&third, over: stream)))
        #expect(Set(tokens).count > 10)
    }

    @Test("A seed taken from the system is told, and gives the same text again")
    func systemSeed() throws {
        var random = RandomNumbers(seed: 2)
        let stream = (0..<30).map { _ in logits(200, &random) }
        var unseeded = try seeded(nil)
        var repeated = try seeded(unseeded.seed)
        #expect(try run(&unseeded, over: stream) == run(&repeated, over: stream))
        #expect(try seeded(nil).seed != unseeded.seed)
    }

    // Expected: the first uniform numbers of xoshiro256** seeded with 42, walked through the sums 0.1, 0.3, 0.6, 1.
    @Test("A draw walks the sums in order of the ids")
    func drawOrder() throws {
        var parameters = SamplingParameters.unfiltered
        parameters.seed = 42
        var sampler = try Sampler(parameters)
        var random = RandomNumbers(seed: 42)
        let logits = [0.1, 0.2, 0.3, 0.4].map { Float(log($0)) }
        for _ in 0..<50 {
            let u = random.uniform()
            let expected = u < 0.1 ? 0 : u < 0.3 ? 1 : u < 0.6 ? 2 : 3
            #expect(try sampler.sample(logits) == expected)
        }
    }

    @Test("Frequencies of many draws are the probabilities")
    func frequencies() throws {
        var random = RandomNumbers(seed: 3)
        let logits = logits(12, &random)
        var sampler = try seeded(4)
        let expected = try sampler.probabilities(for: logits)
        var counts = [Double](repeating: 0, count: logits.count)
        let draws = 40_000.0
        for _ in 0..<Int(draws) { counts[try sampler.sample(logits)] += 1 }
        for (count, p) in zip(counts, expected) {
            // Five standard deviations of a binomial count.
            #expect(abs(count - draws * p) <= 5 * (draws * p * (1 - p)).squareRoot())
        }
        #expect(abs(expected.reduce(0, +) - 1) < 1e-12)
    }

    @Test("Without filters at most a tail of 6e-8 is kept that filters cut", arguments: [0.01, 0.3, 0.8, 1])
    func withoutFilters(temperature: Double) throws {
        var random = RandomNumbers(seed: 5)
        let logits = (0..<301).map { _ in Float(30 * random.uniform()) } + [-.infinity]
        var parameters = SamplingParameters.unfiltered
        parameters.temperature = temperature
        let all = try Sampler(parameters).probabilities(for: logits)
        // A filter that lets everything through.
        parameters.topK = logits.count
        let filtered = try Sampler(parameters).probabilities(for: logits)
        #expect(zip(all, filtered).allSatisfy { abs($0 - $1) <= 1e-7 })
        #expect(abs(all.reduce(0, +) - 1) < 1e-12)
        #expect(all.last == 0)
    }

    @Test("Saved after any token and restored, it goes on as if nothing had happened", arguments: [0, 1, 17])
    func savedAndRestored(saveAfter: Int) throws {
        var random = RandomNumbers(seed: 5)
        let stream = (0..<40).map { _ in logits(50, &random) }
        var kept = try seeded(6)
        _ = try run(&kept, over: stream.prefix(saveAfter))
        var restored = try JSONDecoder().decode(Sampler.self, from: JSONEncoder().encode(kept))
        #expect(restored == kept)
        #expect(try run(&kept, over: stream) == run(&restored, over: stream))
        #expect(restored == kept)
    }

    @Test("A copy goes on independently")
    func valueSemantics() throws {
        var random = RandomNumbers(seed: 7)
        let stream = (0..<20).map { _ in logits(50, &random) }
        var original = try seeded(1)
        _ = try run(&original, over: stream)
        var copy = original
        let afterwards = try run(&copy, over: stream)
        #expect(copy != original)
        #expect(try run(&original, over: stream) == afterwards)
    }

    @Test("A saved sampler with a mistake in it is refused, not run")
    func refusesBadSave() throws {
        let text = String(decoding: try JSONEncoder().encode(seeded(1)), as: UTF8.self)
        for (good, bad) in [("\"topP\":0.85", "\"topP\":1.85"), ("\"tokens\":[]", "\"tokens\":[3]")] {
            let changed = text.replacingOccurrences(of: good, with: bad)
            try #require(changed != text)
            #expect(throws: (any Error).self) { try JSONDecoder().decode(Sampler.self, from: Data(changed.utf8)) }
        }
    }

    @Test("Greedy takes the greatest logit and spends no random number", arguments: 0..<3)
    func greedy(way: Int) throws {
        var parameters = SamplingParameters.unfiltered
        parameters.seed = 3
        if way == 0 { parameters.temperature = 0 }
        if way == 1 { parameters.topP = 0 }
        if way == 2 { parameters.topK = 1 }
        var sampler = try Sampler(parameters)
        let before = sampler
        #expect(try sampler.sample([1, 5, -.infinity, 4, 2]) == 1)
        #expect(try sampler.probabilities(for: [1, 5, -.infinity, 4, 2]) == [0, 1, 0, 0, 0])
        #expect(sampler == before)
    }

    @Test("Among equals greedy draws, but top-k 1 takes the lowest id")
    func greedyAmongEquals() throws {
        var parameters = SamplingParameters.greedy
        parameters.seed = 3
        var sampler = try Sampler(parameters)
        #expect(try sampler.probabilities(for: [1, 5, -.infinity, 5, 2]) == [0, 0.5, 0, 0.5, 0])
        let drawn = try Set((0..<40).map { _ in try sampler.sample([1, 5, -.infinity, 5, 2]) })
        #expect(drawn == [1, 3])
        parameters.topK = 1
        var lowest = try Sampler(parameters)
        #expect(try lowest.sample([1, 5, -.infinity, 5, 2]) == 1)
        #expect(try lowest.probabilities(for: [1, 5, -.infinity, 5, 2]) == [0, 1, 0, 0, 0])
    }

    @Test("Biases are added before bans and penalties; a ban outdoes any bias")
    func adjustments() throws {
        var parameters = SamplingParameters()
        parameters.logitBias = [0: 2, 1: 100, 3: -1]
        parameters.bannedTokens = [1]
        parameters.presencePenalty = 0.5
        parameters.frequencyPenalty = 0.25
        parameters.penaltyDecay = 0.5
        var sampler = try Sampler(parameters)
        sampler.accept(2)
        sampler.accept(3)
        sampler.accept(2)
        // Counts: token 2: ((1·½) ·½) + 1 = 1.25; token 3: 1·½ = 0.5.
        #expect(try sampler.adjustedLogits([1, 1, 1, 1, 1]) == [3, -.infinity, 1 - 0.8125, 0 - 0.625, 1])
        #expect(sampler.occurrences[2] == 1.25)
        #expect(sampler.occurrences[4] == nil)
    }

    // Expected: the rule of `generate`: text in " \t0123456789" adds nothing.
    @Test(
        "Blanks and digits in that order are not counted",
        arguments: [
            (" ", false), ("7", false), ("12", false), ("\t0", false), ("", false), (" \t0123456789", false),
            ("21", true), ("  ", true), ("a", true), ("\n", true), ("0123456789 ", true), (" \t01234567899", true),
        ])
    func exempt(text: String, counted: Bool) {
        #expect(OccurrenceCounts.isCounted(text.utf8) == counted)
    }

    @Test("Logits that are no distribution are refused by token, and nothing is drawn", arguments: [true, false])
    func badLogits(greedy: Bool) throws {
        var parameters = greedy ? SamplingParameters.greedy : SamplingParameters()
        parameters.seed = 1
        var sampler = try Sampler(parameters)
        let before = sampler
        #expect(throws: SamplingError.notANumber(token: 2)) { try sampler.sample([0, 1, .nan, 3]) }
        #expect(throws: SamplingError.notANumber(token: 0)) { try sampler.sample([.nan, .nan]) }
        #expect(throws: SamplingError.positiveInfinity(token: 1)) { try sampler.sample([0, .infinity, 1]) }
        #expect(throws: SamplingError.noTokenPossible(vocabularySize: 2)) {
            try sampler.sample([-.infinity, -.infinity])
        }
        #expect(throws: SamplingError.noTokenPossible(vocabularySize: 0)) { try sampler.sample([]) }
        #expect(sampler == before)
    }

    @Test("Banning every token is an error, not an endless or wrong choice")
    func everythingBanned() throws {
        var parameters = SamplingParameters()
        parameters.bannedTokens = [0, 1]
        var sampler = try Sampler(parameters)
        #expect(throws: SamplingError.noTokenPossible(vocabularySize: 2)) { try sampler.sample([1, 2]) }
        #expect(try sampler.sample([1, 2, -50]) == 2)
    }

    @Test("Tokens beyond the vocabulary are refused where they would be used")
    func unknownTokens() throws {
        let error = SamplingError.tokenOutsideVocabulary(token: 9, vocabularySize: 4)
        var biased = SamplingParameters()
        biased.logitBias = [9: 1]
        var banned = SamplingParameters()
        banned.bannedTokens = [9]
        for parameters in [biased, banned] {
            var sampler = try Sampler(parameters)
            #expect(throws: error) { try sampler.sample([1, 2, 3, 4]) }
        }
        var seen = try Sampler()
        seen.accept(9)
        #expect(throws: error) { try seen.sample([1, 2, 3, 4]) }
        #expect(String(describing: error).contains("below 4"))
    }

    @Test("The most extreme numbers allowed give a token", arguments: [1e-300, 1e-5, 1e300])
    func extremes(temperature: Double) throws {
        var parameters = SamplingParameters.unfiltered
        parameters.temperature = temperature
        parameters.typicalP = 0.01
        var sampler = try Sampler(parameters)
        let wide: [Float] = [-.greatestFiniteMagnitude, .greatestFiniteMagnitude, 0, -.infinity]
        #expect(try sampler.sample(wide) == 1)
        let lowest = [Float](repeating: -.greatestFiniteMagnitude, count: 3)
        #expect((0..<3).contains(try sampler.sample(lowest)))
    }
}
