import Foundation
import Generation
import Tensors
import Testing

/// e^x for x ≤ 0.
private func exponential(_ x: Float) -> Double { sumOfExponentials([x], minus: 0) }

@Suite("Exponential and logarithm of our own")
struct ExponentialFunctionsTests {
    @Test("e^x is the C library's within two units in the last place, from 0 down to where it vanishes")
    func exponentials() {
        var worst = 0.0
        for step in 0...70_800 {
            let x = -Float(step) / 100.003
            let expected = exp(Double(x))
            worst = max(worst, abs(exponential(x) - expected) / expected.ulp)
        }
        #expect(worst <= 2)
        // One alone has the bits of one among eight.
        for x in stride(from: Float(-100), through: 0, by: 0.37) {
            let eight = [x] + [Float](repeating: -.infinity, count: 7)
            #expect(sumOfExponentials(eight, minus: 0) == exponential(x))
        }
        #expect(exponential(0) == 1)
        #expect(exponential(-0.0) == 1)
        #expect(exponential(-800) == 0)
        #expect(exponential(-.infinity) == 0)
    }

    @Test("The sum of eight at a time is the sum of one by one, for every length of the rest", arguments: 0...17)
    func sums(count: Int) {
        let last: [Float] = [-.infinity, -900, -700]
        let values = (0..<count).map { Float($0 % 5) - Float($0) } + last
        let expected: Double = values.reduce(0) { $0 + exp(Double($1) - 4) }
        #expect(abs(sumOfExponentials(values, minus: 4) - expected) <= 1e-14 * expected)
        #expect(exponential(-707.5) > 0)
    }

    @Test("The terms of the sum have the bits of e^x alone, and the sum is the same with them", arguments: 0...17)
    func terms(count: Int) {
        let last: [Float] = [-.infinity, -900, 4]
        let values = (0..<count).map { 3 - Float($0 * 7 % 11) * 1.7 } + last
        let sum = sumOfExponentials(values, minus: 4)
        let terms = [Double](unsafeUninitializedCapacity: values.count) { memory, size in
            memory.initialize(repeating: -1)
            size = values.count
            #expect(sumOfExponentials(values, minus: 4, terms: memory) == sum)
        }
        #expect(terms == values.map { sumOfExponentials([$0], minus: 4) })
    }

    @Test("e^x never falls where x rises, so that a greater logit is never the less probable")
    func monotone() {
        let points = (0...40_000).map { -20 + Float($0) / 2000 }
        for (x, next) in zip(points, points.dropFirst()) { #expect(exponential(x) <= exponential(next)) }
    }

    @Test(
        "ln x is the C library's within 1e-15",
        arguments: [1e-300, 1e-5, 0.3, 0.999999, 1, 1.4142135, 1.4142136, 65536, 1e300])
    func logarithms(x: Double) {
        #expect(abs(naturalLogarithm(x) - log(x)) <= 1e-15 * max(1, abs(log(x))))
    }
}
