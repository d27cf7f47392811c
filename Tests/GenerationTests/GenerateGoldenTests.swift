import Generation
import TestSupport
import Testing

/// `shared/fixtures/sampling/generate.json`: `PIPELINE.generate` of rwkv 0.8.32 run over recorded logits, greedily.
private struct GenerateFixture: Decodable {
    struct Run: Decodable {
        let name: String
        let alpha_presence: Double
        let alpha_frequency: Double
        let alpha_decay: Double
        let token_ban: [Int]
        let token_stop: [Int]
        let token_text: [String: String]
        let logits_stream: [[Float]]
        let adjusted_logits: [[Float?]]
        let chosen: [Int]
        let output: String
    }
    let runs: [Run]
    let tolerance: Float
}

@Suite(
    "Penalties, bans and stop tokens are the official package's",
    .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct GenerateGoldenTests {
    @Test("through every step of every recorded run")
    func runs() throws {
        let fixture = try sharedFixture("fixtures/sampling/generate.json", as: GenerateFixture.self)
        try #require(fixture.runs.count == 3)
        for run in fixture.runs { try replay(run, tolerance: fixture.tolerance) }
    }

    private func replay(_ run: GenerateFixture.Run, tolerance: Float) throws {
        var parameters = SamplingParameters()
        parameters.topP = 0
        parameters.presencePenalty = run.alpha_presence
        parameters.frequencyPenalty = run.alpha_frequency
        parameters.penaltyDecay = run.alpha_decay
        parameters.bannedTokens = Set(run.token_ban)
        parameters.stopTokens = Set(run.token_stop)
        var sampler = try Sampler(parameters)
        var chosen: [Int] = []
        var output = ""
        for (logits, recorded) in zip(run.logits_stream, run.adjusted_logits) {
            let expected = recorded.map { Double($0 ?? -.infinity) }
            let found = try sampler.adjustedLogits(logits).map(Double.init)
            for (token, pair) in zip(found, expected).enumerated() where pair.0 != pair.1 {
                #expect(abs(pair.0 - pair.1) <= Double(tolerance), "\(run.name), step \(chosen.count), token \(token)")
            }
            let token = try sampler.sample(logits)
            chosen.append(token)
            if parameters.stopTokens.contains(token) { break }
            let text = try #require(run.token_text[String(token)])
            sampler.accept(token, counted: OccurrenceCounts.isCounted(text.utf8))
            output += text
        }
        #expect(chosen == run.chosen, "\(run.name)")
        // The package holds back a token whose bytes are no whole character, so the text may lack an end.
        #expect(output.hasPrefix(run.output), "\(run.name)")
    }
}
