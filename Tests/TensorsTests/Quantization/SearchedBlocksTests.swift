import Tensors
import TestSupport
import Testing

private let types = DataType.allCases.filter(\.isQuantized)

/// Numbers as weights are: bell-shaped, with some far out.
private func weights(_ count: Int, seed: UInt64) -> [Float] {
    var random = RandomNumbers(seed: seed)
    return (0..<count).map { i in
        let sum = (0..<6).reduce(Float(0)) { total, _ in total + random.uniform(in: -1...1) }
        return sum * (i % 97 == 0 ? 0.1 : 0.02)
    }
}

private func tensor(_ values: [Float], columns: Int) -> StoredTensor {
    StoredTensor(name: "w", shape: [values.count / columns, columns], floats: values)
}

/// Σ importance · (value − decoded)².
private func error(_ a: StoredTensor, _ b: StoredTensor, _ importance: [Float]) throws -> Double {
    let (x, y) = (try #require(a.floats()), try #require(b.floats()))
    return zip(x, y).enumerated().reduce(0) { sum, pair in
        let difference = Double(pair.element.0 - pair.element.1)
        return sum + Double(importance[pair.offset % importance.count]) * difference * difference
    }
}

@Suite("Blocks whose scales are searched for")
struct SearchedBlocksTests {
    /// What evenly spaced levels that span 32 bell-shaped numbers leave of the numbers' energy, about, for each type.
    private let bounds: [DataType: Double] = [
        .q8_0: 6e-5, .q6_K: 7e-4, .q5_K: 3e-3, .q5_1: 3e-3, .q5_0: 3e-3, .q4_K: 1.2e-2, .q4_1: 1.2e-2, .q4_0: 1.2e-2,
    ]

    @Test("stand for the numbers as well as their bits allow", arguments: types)
    func accuracy(type: DataType) throws {
        let source = tensor(weights(64 * 512, seed: 3), columns: 512)
        let ones = [Float](repeating: 1, count: 512)
        let zero = tensor([Float](repeating: 0, count: 64 * 512), columns: 512)
        let relative = try error(source, source.quantized(to: type), ones) / error(source, zero, ones)
        #expect(relative < bounds[type] ?? 0, "\(relative)")
        #expect(relative > 1e-6)
    }

    @Test("stand for them better than ggml's", arguments: [DataType.q8_0, .q5_1, .q5_0, .q4_1, .q4_0])
    func betterThanReference(type: DataType) throws {
        let source = tensor(weights(64 * 512, seed: 4), columns: 512)
        let ones = [Float](repeating: 1, count: 512)
        let (searched, plain) = (source.quantized(to: type), source.converted(to: type))
        #expect(try error(source, searched, ones) < error(source, plain, ones))
    }

    @Test("are better where it matters, if they are told where", arguments: types)
    func importance(type: DataType) throws {
        let source = tensor(weights(64 * 512, seed: 5), columns: 512)
        let importance = (0..<512).map { Float($0 % 7 == 0 ? 30 : 0.3) }
        let (told, untold) = (source.quantized(to: type, importance: importance), source.quantized(to: type))
        #expect(try error(source, told, importance) < error(source, untold, importance))
    }

    @Test("do not depend on the number of threads", arguments: types)
    func threads(type: DataType) {
        let source = tensor(weights(33 * 512, seed: 6), columns: 512)
        let alone = source.quantized(to: type).withBytes { Array($0) }
        #expect(source.quantized(to: type, on: ThreadPool(threadCount: 3)).withBytes { Array($0) } == alone)
    }

    @Test("give numbers that they can give exactly back", arguments: types)
    func fixedPoint(type: DataType) throws {
        let once = tensor(weights(8 * 512, seed: 7), columns: 512).quantized(to: type)
        let values = try #require(once.floats())
        let again = try #require(tensor(values, columns: 512).quantized(to: type).floats())
        let greatest = values.map(abs).max() ?? 0
        let difference = zip(values, again).map { abs($0 - $1) }.max() ?? 1
        // A search may find another scale for the same numbers, but none that is worse by much.
        #expect(difference < 0.04 * greatest, "\(difference) of \(greatest)")
    }

    @Test("come from any numbers, even those that are none", arguments: types)
    func oddNumbers(type: DataType) {
        let odd: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0,
            -0.0, 1, -1,
        ]
        for number in odd {
            let mixed = (0..<256).map { $0 % 3 == 0 ? number : Float($0) }
            let source = tensor([Float](repeating: number, count: 256) + mixed, columns: 256)
            #expect(source.quantized(to: type).floats()?.count == 512)
            let nothing = source.quantized(to: type, importance: [Float](repeating: 0, count: 256))
            #expect(nothing.floats()?.count == 512)
        }
    }

    @Test("of equal numbers are those numbers, but for rounding", arguments: types)
    func constant(type: DataType) throws {
        for number in [Float(0), 0.5, -0.5] {
            let source = tensor([Float](repeating: number, count: 256), columns: 256)
            let found = try #require(source.quantized(to: type).floats())
            #expect(found.allSatisfy { abs($0 - number) < 1e-3 }, "\(found[0]) for \(number)")
        }
    }
}
