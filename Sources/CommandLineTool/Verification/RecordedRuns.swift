internal import RWKV

/// Runs of the official package's `generate` over recorded logits, always with the most probable token: what penalties and
/// bans make of the logits at each step, which tokens are chosen until one of them stops the run, and the text they make.
struct RecordedRuns {
    private struct Run: Decodable {
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
    private struct Description: Decodable {
        let runs: [Run]
        let tolerance: Double
    }

    private let description: Description

    init(_ folder: CaseFolder) throws {
        description = try folder.json("generate.json", Description.self)
    }

    func checks() throws -> [Verdict.Check] {
        guard !description.runs.isEmpty else { throw InputError(description: "generate.json has no runs") }
        let found = try description.runs.map(replay)
        return [
            Verdict.Check(
                what: "\(found.count) runs: adjusted logits", difference: found.map(\.difference).max() ?? .infinity,
                tolerance: description.tolerance),
            Verdict.Check(
                what: "tokens that differ", difference: Double(found.reduce(0) { $0 + $1.wrongTokens }), tolerance: 0),
            Verdict.Check(
                what: "texts that differ", difference: Double(found.count { !$0.isTextRight }), tolerance: 0),
        ]
    }

    private func replay(_ run: Run) throws -> (difference: Double, wrongTokens: Int, isTextRight: Bool) {
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
        var worst = 0.0
        for (logits, expected) in zip(run.logits_stream, run.adjusted_logits) {
            guard logits.count == expected.count else {
                throw InputError(description: "“\(run.name)” adjusts \(logits.count) logits to \(expected.count)")
            }
            for (found, wanted) in zip(try sampler.adjustedLogits(logits), expected) {
                let wanted = wanted ?? -.infinity
                if found == wanted { continue }
                let difference = abs(Double(found) - Double(wanted))
                worst = max(worst, difference.isNaN ? .infinity : difference)
            }
            let token = try sampler.sample(logits)
            chosen.append(token)
            if run.token_stop.contains(token) { break }
            guard let text = run.token_text["\(token)"] else {
                throw InputError(description: "“\(run.name)” has no text for the token \(token)")
            }
            sampler.accept(token, counted: OccurrenceCounts.isCounted(text.utf8))
            output += text
        }
        // A token that stops the run leaves the rest of the logits unused.
        guard !chosen.isEmpty, chosen.count == run.adjusted_logits.count else {
            throw InputError(
                description: "“\(run.name)” has \(run.adjusted_logits.count) steps, of which \(chosen.count) can be run"
            )
        }
        let wrong = zip(chosen, run.chosen).count { $0 != $1 } + abs(chosen.count - run.chosen.count)
        // From a token on whose bytes are no whole character, what the package shows depends on those that follow.
        let whole = output.prefix { $0 != "\u{FFFD}" }
        let isTextRight = whole.count < output.count ? run.output.hasPrefix(whole) : run.output == output
        return (worst, wrong, isTextRight)
    }
}
