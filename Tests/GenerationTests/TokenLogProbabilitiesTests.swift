import Foundation
import Generation
import Testing

@Suite("Log-probabilities for reports")
struct TokenLogProbabilitiesTests {
    private let logits = [0.1, 0.4, 0.05, 0.4, 0.05].map { Float(log($0)) + 3 } + [-.infinity]

    @Test("They are the logarithms of the softmax, best first, equals in order of their ids")
    func values() throws {
        let report = try TokenLogProbabilities(of: 2, in: logits, best: 3)
        #expect(report.chosen.token == 2)
        #expect(abs(report.chosen.logProbability - log(0.05)) < 1e-6)
        #expect(report.best.map(\.token) == [1, 3, 0])
        for (found, p) in zip(report.best, [0.4, 0.4, 0.1]) { #expect(abs(found.logProbability - log(p)) < 1e-6) }
    }

    @Test("Asked for more than there are, it lists every token that can occur", arguments: [0, 1, 5, 6, 100])
    func counts(count: Int) throws {
        let report = try TokenLogProbabilities(of: 5, in: logits, best: count)
        #expect(report.best.map(\.token) == Array([1, 3, 0, 2, 4].prefix(count)))
        #expect(report.chosen.logProbability == -.infinity)
    }

    @Test("A token outside the vocabulary, NaN and no logits are refused", arguments: [-1, 6])
    func refused(token: Int) {
        #expect(throws: SamplingError.tokenOutsideVocabulary(token: token, vocabularySize: 6)) {
            try TokenLogProbabilities(of: token, in: logits)
        }
        #expect(throws: SamplingError.notANumber(token: 1)) { try TokenLogProbabilities(of: 0, in: [0, .nan]) }
    }
}
