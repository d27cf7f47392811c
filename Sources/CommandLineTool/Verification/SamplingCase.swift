internal import Foundation
internal import RWKV

/// The probabilities that the official package draws from, and its penalties step by step.
struct SamplingCase: GoldenCase {
    private struct Distributions: Decodable {
        struct Case: Decodable {
            let tie_at_top_k_boundary: Bool
            let never_reaches_top_p: Bool
            let temperature: Double
            let top_p: Double
            let top_k: Int
            let probs: [Double]
        }
        struct Logits: Decodable {
            let logits: [Float?]
            let cases: [Case]
        }
        let sets: [Logits]
        let tolerance: Double
    }

    private let folder: CaseFolder

    init?(_ folder: CaseFolder) {
        guard folder.files.contains("sample_logits.json") else { return nil }
        self.folder = folder
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let golden = try folder.json("sample_logits.json", Distributions.self)
        var (worst, compared, skipped) = (0.0, 0, 0)
        for set in golden.sets {
            let logits = set.logits.map { $0 ?? -.infinity }
            for golden in set.cases {
                // The order of ties at the border is undefined there, and a sum that rounding keeps below top-p is a flaw
                // of the reference that is not imitated.
                if golden.tie_at_top_k_boundary || golden.never_reaches_top_p {
                    skipped += 1
                    continue
                }
                var parameters = SamplingParameters.unfiltered
                parameters.temperature = golden.temperature
                parameters.topP = golden.top_p
                parameters.topK = golden.top_k
                let found = try Sampler(parameters).probabilities(for: logits)
                guard found.count == golden.probs.count else {
                    throw InputError(
                        description: "\(golden.probs.count) probabilities are expected of \(found.count) logits")
                }
                worst = max(worst, zip(found, golden.probs).map { abs($0 - $1) }.max() ?? .infinity)
                compared += 1
            }
        }
        let distributions = Verdict.Check(
            what: "\(compared) distributions (\(skipped) undefined ones left out)",
            difference: compared > 0 ? worst : .infinity, tolerance: golden.tolerance)
        return Verdict(checks: [distributions] + (try RecordedRuns(folder).checks()))
    }
}
