import Tensors
import TestSupport
import Testing

private let types = DataType.allCases.filter(\.isQuantized)
private let levels = Kernels.Level.allCases.filter { Kernels($0) != nil }

private func parameter(_ value: StoredTensor, _ role: ParameterRole = .matrix) -> Parameter {
    Parameter(index: 0, name: value.name, shape: value.shape, role: role, learningRateScale: 1, value: value)
}

@Suite("Products with quantised matrices")
struct PackedMatrixTests {
    // 21 outputs are a panel and part of one.
    private let n = 21
    private let k = 512

    @Test("see exactly the numbers that the blocks stand for", arguments: types, levels)
    func weights(type: DataType, level: Kernels.Level) throws {
        let value = StoredTensor.randomBlocks("w", [n, k], type, seed: 3)
        let expected = try #require(value.floats())
        let workspace = Workspace(threadCount: 1, kernels: try #require(Kernels(level)))
        // Row p of the input is 1 at p and 0 elsewhere.
        let input = Tensor([k, k], in: workspace.buffers)
        input.mutableValues.update(repeating: 0)
        for p in 0..<k { input.mutableValues[p * k + p] = 1 }
        let output = Tape(on: workspace).linear(input, parameter(value)).values
        for p in 0..<k {
            for j in 0..<n { #expect(output[p * n + j] == expected[j * k + p], "output \(j), input \(p)") }
        }
    }

    @Test("are as near to the exact ones as bytes of activations allow", arguments: types, levels)
    func activations(type: DataType, level: Kernels.Level) throws {
        let value = StoredTensor.randomBlocks("w", [n, k], type, seed: 4)
        let weights = try #require(value.floats())
        let kernels = try #require(Kernels(level))
        let workspace = Workspace(threadCount: 1, kernels: kernels, precision: .fast)
        var random = RandomNumbers(seed: 5)
        let input = Tensor([3, k], in: workspace.buffers)
        for i in input.mutableValues.indices { input.mutableValues[i] = random.uniform(in: -1...1) }
        let fast = Tape(on: workspace).linear(input, parameter(value)).values
        for row in 0..<3 {
            for j in 0..<n {
                // Half a unit of at most 1/127 for every activation; rounding errors are independent.
                var (sum, squares) = (0.0, 0.0)
                for p in 0..<k {
                    let w = Double(weights[j * k + p])
                    sum += w * Double(input.values[row * k + p])
                    squares += w * w
                }
                let deviation = squares.squareRoot() / 127 / Double(12).squareRoot()
                #expect(abs(Double(fast[row * n + j]) - sum) < 5 * deviation, "row \(row), output \(j)")
                // If the error were far smaller, the activations would not have been bytes.
                #expect(Double(fast[row * n + j]) != sum)
            }
        }
    }

    @Test("turn activations that are no numbers into what is no number, and no others", arguments: types)
    func nonFinite(type: DataType) throws {
        let workspace = Workspace(threadCount: 1, precision: .fast)
        let input = Tensor([2, k], in: workspace.buffers)
        input.mutableValues.update(repeating: 0.5)
        input.mutableValues[k + 77] = .infinity
        let value = StoredTensor.randomBlocks("w", [n, k], type, seed: 6)
        let output = Tape(on: workspace).linear(input, parameter(value)).values
        #expect(output[..<n].allSatisfy { $0.isFinite })
        #expect(output[n...].allSatisfy { $0.isNaN })
    }

    @Test("Rows of a quantised table are the numbers that they stand for", arguments: types + [.f16, .bf16, .f32])
    func embedding(type: DataType) throws {
        let counting = (0..<9 * 256).map { Float($0) * 0.37 - 100 }
        let value =
            type.isQuantized
            ? StoredTensor.randomBlocks("emb", [9, 256], type, seed: 7)
            : StoredTensor(name: "emb", shape: [9, 256], floats: counting).converted(to: type)
        let expected = try #require(value.floats())
        let tape = Tape(on: Workspace(threadCount: 1))
        let rows = tape.embedding([8, 0, 3, 8], parameter(value, .embedding)).values
        let wanted: [Float] = [8, 0, 3, 8].flatMap { (row: Int) in expected[row * 256..<(row + 1) * 256] }
        #expect(Array(rows) == wanted)
    }

    @Test("Half-precision weights give what they give as floats", arguments: levels)
    func halves(level: Kernels.Level) throws {
        let wide = StoredTensor(name: "w", shape: [n, k], floats: (0..<n * k).map { Float($0 % 97) / 97 - 0.5 })
        let narrow = wide.converted(to: .f16)
        let workspace = Workspace(threadCount: 1, kernels: try #require(Kernels(level)))
        let input = Tensor([2, k], in: workspace.buffers)
        for i in input.mutableValues.indices { input.mutableValues[i] = Float(i % 31) / 31 - 0.4 }
        let tape = Tape(on: workspace)
        let halves = tape.linear(input, parameter(narrow)).values
        let floats = tape.linear(input, parameter(narrow.converted(to: .f32))).values
        #expect(Array(halves) == Array(floats))
    }
}
