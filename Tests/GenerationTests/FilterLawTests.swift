import Generation
import Tensors
import Testing

@Suite("Filters without a full sort keep what the sorted definitions keep")
struct FilterLawTests {
    struct Setting: CustomTestStringConvertible, Sendable {
        var temperature = 1.0, topK = 0, topP = 1.0, minP = 0.0, typicalP = 1.0
        var testDescription: String { "T \(temperature) k \(topK) p \(topP) min \(minP) typical \(typicalP)" }
    }

    static let settings = [
        Setting(), Setting(temperature: 0.5), Setting(temperature: 3), Setting(topK: 1_000_000), Setting(topK: 7),
        Setting(topP: 0.85), Setting(topP: 0.999), Setting(topP: 1e-9), Setting(minP: 0.1), Setting(minP: 1),
        Setting(typicalP: 0.2), Setting(typicalP: 0.9), Setting(temperature: 0.1, typicalP: 0.3),
        Setting(temperature: 1.3, topK: 50, topP: 0.95, minP: 0.02, typicalP: 0.9),
    ]

    @Test("for smooth, flat, tied and spiked logits", arguments: settings)
    func equalsDefinition(setting: Setting) throws {
        var parameters = SamplingParameters.unfiltered
        parameters.temperature = setting.temperature
        parameters.topK = setting.topK
        parameters.topP = setting.topP
        parameters.minP = setting.minP
        parameters.typicalP = setting.typicalP
        let sampler = try Sampler(parameters)
        var random = RandomNumbers(seed: 5)
        for count in [2, 25, 300, 3000] {
            for (name, logits) in shapes(count, &random) {
                let found = try sampler.probabilities(for: logits)
                let expected = naiveDistribution(logits, parameters)
                #expect(largestDifference(found, expected) < 1e-9, "\(name), \(count) tokens")
            }
        }
    }

    private func shapes(_ count: Int, _ random: inout RandomNumbers) -> [(String, [Float])] {
        func logits(_ make: (inout RandomNumbers) -> Float) -> [Float] { (0..<count).map { _ in make(&random) } }
        var spiked = logits { $0.uniform(in: -20 ... -5) }
        spiked[count / 2] = 8
        return [
            ("smooth", logits { $0.uniform(in: -6...6) + $0.uniform(in: -6...6) }),
            ("nearly flat", logits { $0.uniform(in: -0.01...0.01) }),
            ("tied", logits { Float($0.below(7)) - 3 }),
            ("all equal", [Float](repeating: 1.5, count: count)),
            ("spiked", spiked),
            ("with tokens excluded", [0.25] + logits { $0.below(3) == 0 ? -.infinity : $0.uniform(in: -4...4) }),
        ]
    }

    @Test("The key that reaches a mass is the one that a sort finds", arguments: 1...60)
    func selection(seed: UInt64) throws {
        var random = RandomNumbers(seed: seed)
        let count = 1 + random.below(400)
        let distinct = 1 + random.below(count)
        // Masses are small whole numbers, whose sums are exact in any order.
        let elements = (0..<count).map { _ in
            RankedMass(key: Double(random.below(distinct)), mass: Double(1 + random.below(9)))
        }
        let total = elements.reduce(0) { $0 + $1.mass }
        for target in [0.5, 1, total / 3, total * 0.9, total, total + 1] {
            var sum = 0.0
            let sorted = elements.sorted { $0.key > $1.key }
            let expected = sorted.first {
                sum += $0.mass
                return sum >= target
            }
            var copy = elements
            #expect(copy.key(reaching: target) == (expected ?? sorted.last)?.key)
        }
    }

    @Test("Pivots that never divide the elements well cost time, not correctness")
    func badPivots() {
        // Each of the three places a pivot is taken from holds one of the greatest keys left.
        var elements = (0..<2000).map { RankedMass(key: Double($0 % 2 == 0 ? $0 : -$0), mass: 1) }
        #expect(elements.key(reaching: 2000) == -1999)
        var none: [RankedMass] = []
        #expect(none.key(reaching: 1) == nil)
    }
}
