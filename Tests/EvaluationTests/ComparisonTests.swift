import Evaluation
import Foundation
import Tensors
import Testing

/// Pairs whose differences are normal with a known mean and spread, by Box and Muller.
private func normalPairs(_ count: Int, mean: Double, deviation: Double, seed: UInt64) -> [PairedComparison.Pair] {
    var random = RandomNumbers(seed: seed)
    return (0..<count).map { _ in
        let radius = (-2 * log(1 - random.uniform())).squareRoot()
        return .init(difference: mean + deviation * radius * cos(2 * .pi * random.uniform()))
    }
}

@Suite("Comparison of two models")
struct ComparisonTests {
    @Test("The interval of many normal differences is mean ± 1.96 σ/√n")
    func width() throws {
        let found = try PairedComparison(normalPairs(900, mean: 3, deviation: 6, seed: 5), resampleCount: 2000)
        let half = 1.96 * 6 / 30
        #expect(abs(found.difference - 3) < 2 * half && found.isSignificant && found.pairCount == 900)
        let width = found.interval.upperBound - found.interval.lowerBound
        #expect(abs(width / (2 * half) - 1) < 0.12)
        #expect(abs((found.interval.lowerBound + found.interval.upperBound) / 2 - found.difference) < 0.1 * half)
    }

    @Test("Of a hundred experiments, the interval holds the truth in about 95")
    func coverage() throws {
        let count = try (0..<100).count { seed in
            let pairs = normalPairs(60, mean: -1, deviation: 2, seed: UInt64(seed) + 1000)
            return try PairedComparison(pairs, resampleCount: 400).interval.contains(-1)
        }
        // Of a binomial of 100 and 0.95, less than one in a thousand lies outside.
        #expect((86...100).contains(count))
    }

    @Test("Weights make a ratio of sums; equal pairs leave no doubt; the same seed gives the same interval")
    func ratio() throws {
        let pairs = [(2.0, 1.0), (20, 10), (6, 3)].map { PairedComparison.Pair(difference: $0.0, weight: $0.1) }
        let found = try PairedComparison(pairs)
        #expect(isClose(found.difference, 2) && found.interval.contains(found.difference))
        #expect(found.interval.upperBound - found.interval.lowerBound < 1e-12)
        let others = normalPairs(40, mean: 0, deviation: 1, seed: 3)
        #expect(try PairedComparison(others) == PairedComparison(others))
        #expect(try PairedComparison(others, seed: 2).interval != PairedComparison(others).interval)
        #expect(try !PairedComparison(others).isSignificant)
    }

    @Test("One pair has no interval")
    func tooFew() {
        #expect(throws: EvaluationError.tooFewPairs(found: 1, needed: 2)) {
            try PairedComparison([.init(difference: 1)])
        }
    }

    @Test("Wilson's interval of a share")
    func proportion() {
        // 10 of 100: 0.0552 to 0.1744; 0 of 10: 0 to 0.2775. By hand from the formula; Newcombe 1998 has the same.
        let tenth = Proportion(10, of: 100).interval
        #expect(abs(tenth.lowerBound - 0.0552) < 5e-5 && abs(tenth.upperBound - 0.1744) < 5e-5)
        let none = Proportion(0, of: 10).interval
        #expect(abs(none.lowerBound) < 1e-12 && abs(none.upperBound - 0.2775) < 5e-5)
        #expect(Proportion(0, of: 0).interval == 0...1)
    }
}
