import Generation
import TestSupport
import Testing

/// `shared/fixtures/sampling/sample_logits.json`: probability vectors recorded from `sample_logits` of rwkv 0.8.32.
private struct SampleLogitsFixture: Decodable {
    struct Case: Decodable {
        let temperature: Double
        let top_p: Double
        let top_k: Int
        let never_reaches_top_p: Bool
        let tie_at_top_k_boundary: Bool
        let probs: [Double]
        let support: [Int]
    }
    struct LogitsSet: Decodable {
        let logits_name: String
        let logits: [Float?]
        let cases: [Case]
    }
    let sets: [LogitsSet]
    let tolerance: Double
}

@Suite(
    "The distribution handed to the draw is the official package's",
    .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct SampleLogitsGoldenTests {
    private let fixture: SampleLogitsFixture

    init() throws {
        fixture = try sharedFixture("fixtures/sampling/sample_logits.json", as: SampleLogitsFixture.self)
    }

    /// How many cases each rule below is for: counted so that no case can slip out of the comparison unnoticed.
    private struct Counts: Equatable {
        var compared = 0, tiedAtTopK = 0, neverReachesTopP = 0
    }

    @Test("in every recorded case, but for ties and one rounding error of the package")
    func distributions() throws {
        var counts = Counts()
        for set in fixture.sets {
            let logits = set.logits.map { $0 ?? -.infinity }
            for item in set.cases {
                var parameters = SamplingParameters.unfiltered
                parameters.temperature = item.temperature
                parameters.topP = item.top_p
                parameters.topK = item.top_k
                let found = try Sampler(parameters).probabilities(for: logits)
                let label = Comment(
                    rawValue: "\(set.logits_name), T \(item.temperature), p \(item.top_p), k \(item.top_k)")

                if item.never_reaches_top_p {
                    // The package's sum in Float ends below 1 here, and its search then falls back to the maximum. The
                    // definition says: nothing is cut.
                    counts.neverReachesTopP += 1
                    let defined = naiveDistribution(logits, parameters)
                    #expect(largestDifference(found, defined) <= fixture.tolerance, label)
                } else if item.tie_at_top_k_boundary {
                    // Which of the equals survive is undefined in the package; how many, and how probable, is not.
                    counts.tiedAtTopK += 1
                    #expect(largestDifference(found.sorted(), item.probs.sorted()) <= fixture.tolerance, label)
                } else {
                    counts.compared += 1
                    #expect(largestDifference(found, item.probs) <= fixture.tolerance, label)
                }
            }
        }
        #expect(counts == Counts(compared: 488, tiedAtTopK: 40, neverReachesTopP: 32))
    }
}
