import Plots
import Testing

@Suite("Ticks and their labels")
struct TickTests {
    private func labels(_ low: Double, _ high: Double, _ count: Int = 5) -> [String] {
        Tick.linear(low, high, count: count).map(\.label)
    }

    @Test("Linear ticks are round numbers with one unit and one number of decimals")
    func linear() {
        #expect(labels(0, 10) == ["0", "2", "4", "6", "8", "10"])
        #expect(labels(-1, 1) == ["−1.0", "−0.5", "0", "0.5", "1.0"])
        #expect(labels(2.31, 2.47) == ["2.35", "2.40", "2.45"])
        #expect(labels(0, 1_300_000_000) == ["0", "0.5B", "1.0B"])
        #expect(labels(0, 30_000) == ["0", "10k", "20k", "30k"])
        #expect(labels(0, 3000) == ["0", "1000", "2000", "3000"])
        #expect(labels(0, 6e-4) == ["0", "2×10⁻⁴", "4×10⁻⁴", "6×10⁻⁴"])
        #expect(labels(0, 0.01) == ["0", "0.002", "0.004", "0.006", "0.008", "0.010"])
        #expect(labels(1e20, 2e20, 2) == ["1.0×10²⁰", "1.5×10²⁰", "2.0×10²⁰"])
    }

    @Test(
        "Linear ticks are inside, evenly spaced, neither many nor none, and all labelled differently",
        arguments: 1...200)
    func linearLaws(seed: UInt64) {
        var random = SeededNumbers(state: seed)
        let low = Double.random(in: -1...1, using: &random) * [1e-5, 1, 1e4, 1e9][Int(seed % 4)]
        let high = low + Double.random(in: 0.001...2, using: &random) * [1e-5, 1, 1e4, 1e9][Int(seed % 4)]
        let count = Int.random(in: 2...12, using: &random)
        let ticks = Tick.linear(low, high, count: count)
        let slack = (high - low) * 1e-5
        #expect(ticks.allSatisfy { $0.value >= low - slack && $0.value <= high + slack })
        #expect(ticks.count <= count + 1)
        #expect(ticks.count >= max(1, count / 3))
        #expect(Set(ticks.map(\.label)).count == ticks.count)
        let steps = zip(ticks.dropFirst(), ticks).map { $0.value - $1.value }
        #expect(steps.allSatisfy { abs($0 - steps[0]) <= slack })
    }

    @Test("Logarithmic ticks are powers of ten, with 2 and 5 between them where there is room")
    func logarithmic() {
        func labels(_ low: Double, _ high: Double, _ count: Int) -> [String] {
            Tick.logarithmic(low, high, count: count).map(\.label)
        }
        #expect(labels(1e5, 1e9, 8) == ["100k", "1M", "10M", "100M", "1B"])
        #expect(labels(0.1, 10, 8) == ["0.1", "0.2", "0.5", "1", "2", "5", "10"])
        #expect(labels(1e-6, 10, 5) == ["10⁻⁶", "10⁻⁴", "10⁻²", "1"])
        #expect(labels(1e-6, 10, 8) == ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1", "10"])
        #expect(labels(2, 9, 4) == ["2", "4", "6", "8"])
        #expect(labels(1e-300, 1e300, 6).count <= 7)
    }

    @Test(
        "Coordinates have at most two decimals and no negative zero",
        arguments: [
            (0.0, "0"), (-0.001, "0"), (1.5, "1.5"), (2.05, "2.05"), (-3.256, "-3.26"), (100, "100"),
            (1e300, "1000000000"),
        ])
    func coordinates(value: Double, text: String) {
        #expect(NumberText.coordinate(value) == text)
    }

    @Test("Of each pixel column the lowest and the highest point stay, in their order")
    func decimation() {
        let ys: [Double] = [5, 9, 1, 4, 7, 7, 2]
        let xs: [Double] = [0.1, 0.3, 0.5, 0.9, 1.2, 1.4, 7.5]
        let kept = decimated(zip(xs, ys).map { Point(x: $0, y: $1) })
        #expect(kept.map(\.y) == [9, 1, 7, 2])
        #expect(kept.map(\.x) == [0.3, 0.5, 1.2, 7.5])
        #expect(decimated([]).isEmpty)
    }
}

/// SplitMix64, so that a failing case can be run again.
private struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
