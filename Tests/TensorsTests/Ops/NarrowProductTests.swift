import Tensors
import TestSupport
import Testing

/// What products of `bf16` compute, in 64 bits: of rounded numbers.
private struct Rounded {
    let rows: Int
    let columns: Int
    let values: [Double]

    init(_ rows: Int, _ columns: Int, _ values: [Float]) {
        (self.rows, self.columns) = (rows, columns)
        self.values = values.map { Double(Float(bitPattern: UInt32(BFloat16.bits($0)) << 16)) }
    }

    private init(_ rows: Int, _ columns: Int, exactly values: [Double]) {
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    var transposed: Rounded {
        Rounded(
            columns, rows, exactly: (0..<columns).flatMap { j in (0..<rows).map { i in values[i * columns + j] } })
    }

    static func * (a: Rounded, b: Rounded) -> [Double] {
        (0..<a.rows).flatMap { i in
            (0..<b.columns).map { j in
                (0..<a.columns).reduce(0) { $0 + a.values[i * a.columns + $1] * b.values[$1 * b.columns + j] }
            }
        }
    }
}

@Suite("Products of bf16 in training")
struct NarrowProductTests {
    /// T, N, K: less than a pair, a panel, a tile; odd ones; more than a piece of the sums, which are 512 pairs long.
    private static let sizes = [
        [1, 1, 1], [3, 2, 5], [33, 31, 65], [97, 66, 40], [8, 35, 1101], [1100, 9, 34],
    ]

    @Test("are those of rounded numbers, forward and backward", arguments: sizes, [false, true])
    func products(size: [Int], isTransposed: Bool) throws {
        let (t, n, k) = (size[0], size[1], size[2])
        let workspace = Workspace(threadCount: 2)
        var numbers = TestParameters(seed: 5)
        let input = try numbers.embedding("x", t, k)
        let weight = try isTransposed ? numbers.matrix("w", k, n) : numbers.matrix("w", n, k)
        let parameters = numbers.store.parameters
        let gradients = Gradients(parameters, in: workspace.buffers)
        let tape = Tape(on: workspace, gradients: gradients)
        tape.narrowWeights = NarrowWeights()
        let x = tape.embedding((0..<t).map { Int32($0) }, input)
        let y = isTransposed ? tape.project(x, weight) : tape.linear(x, weight)
        let dy = numbers.numbers(t * n)
        _ = tape.weightedSum(y, weights: dy)
        tape.backward()

        let exactX = Rounded(t, k, try #require(input.value.floats()))
        let stored = try #require(weight.value.floats())
        let exactW = isTransposed ? Rounded(k, n, stored) : Rounded(n, k, stored).transposed
        let exactDY = Rounded(t, n, dy)
        try compare(y.values.map { Double($0) }, exactX * exactW)
        try compare(gradients[input].values.map { Double($0) }, exactDY * exactW.transposed)
        let dw = isTransposed ? exactX.transposed * exactDY : exactDY.transposed * exactX
        try compare(gradients[weight].values.map { Double($0) }, dw)
    }

    /// Sums of 32 bits err by far less than a rounding to 8 bits would show.
    private func compare(_ values: [Double], _ exact: [Double]) throws {
        try #require(values.count == exact.count)
        let difference = zip(values, exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let norm = exact.reduce(0) { $0 + $1 * $1 }
        #expect((difference / norm).squareRoot() < 1e-5)
    }

    @Test("see a weight that has changed after a reset, and not before")
    func reset() throws {
        let workspace = Workspace(threadCount: 1)
        var numbers = TestParameters(seed: 6)
        let input = try numbers.embedding("x", 3, 8)
        let weight = try numbers.matrix("w", 4, 8)
        let narrowWeights = NarrowWeights()
        func run() -> [Float] {
            let tape = Tape(on: workspace, gradients: Gradients(numbers.store.parameters, in: workspace.buffers))
            tape.narrowWeights = narrowWeights
            return Array(tape.linear(tape.embedding([0, 1, 2], input), weight).values)
        }
        let before = run()
        weight.mutableFloats?[0] += 1
        #expect(run() == before)
        narrowWeights.reset()
        #expect(run() != before)
    }
}
