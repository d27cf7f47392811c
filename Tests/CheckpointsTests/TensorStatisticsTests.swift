import Checkpoints
import Tensors
import Testing

@Suite("The statistics of tensors")
struct TensorStatisticsTests {
    private func measure(_ tensor: StoredTensor, threads: Int = 1) -> TensorStatistics {
        TensorStatistics.measure([tensor], on: ThreadPool(threadCount: threads))[0]
    }

    @Test(
        "are the range, mean and spread, in every type",
        arguments: DataType.allCases.filter { $0 != .bool && !$0.isQuantized })
    func types(type: DataType) {
        let values = [1, 2, 3, 4, 100]
        let storage =
            switch type {
            case .f64: Storage(copying: values.map(Double.init))
            case .f32: Storage(copying: values.map(Float.init))
            case .bf16: Storage(copying: values.map { BFloat16.bits(Float($0)) })
            case .f16: Storage(copying: values.map { Half.bits(Float($0)) })
            case .i64: Storage(copying: values.map(Int64.init))
            case .i32: Storage(copying: values.map(Int32.init))
            case .i16: Storage(copying: values.map(Int16.init))
            default: Storage(copying: values.map(UInt8.init))
            }
        let found = measure(StoredTensor(name: "w", shape: [5], type: type, storage: storage))
        #expect(found.minimum == 1 && found.maximum == 100 && found.mean == 22 && found.finiteCount == 5)
        // Σ (x − 22)² = 441 + 400 + 361 + 324 + 6084 = 7610
        #expect(found.standardDeviation == (7610.0 / 5).squareRoot())
    }

    @Test(
        "are those of the values that blocks stand for",
        arguments: DataType.allCases.filter { $0.isQuantized && !$0.rawValue.hasSuffix("K") })
    func blocks(type: DataType) throws {
        // More than one piece, and rows that do not end where a piece does.
        let values = (0..<76_800).map { (i: Int) -> Float in Float(i * 7919 % 1013) / 500 - 1 }
        let tensor = StoredTensor(name: "w", shape: [800, 96], floats: values).converted(to: type)
        let expected = measure(StoredTensor(name: "w", shape: [800, 96], floats: try #require(tensor.floats())))
        #expect(measure(tensor) == expected && expected.finiteCount == 76_800)
    }

    @Test("count NaN and infinity and leave them out")
    func notFinite() {
        let found = measure(
            StoredTensor(name: "w", shape: [6], floats: [.nan, -3, .infinity, 5, -.infinity, -.infinity]))
        #expect(found.nanCount == 1 && found.infinityCount == 3 && found.finiteCount == 2)
        #expect(found.minimum == -3 && found.maximum == 5 && found.mean == 1 && found.standardDeviation == 4)
    }

    @Test("are none where there is no number", arguments: [[], [Float.nan], [.infinity, .nan]])
    func empty(values: [Float]) {
        let found = measure(StoredTensor(name: "w", shape: [values.count], floats: values))
        #expect(found.minimum == nil && found.maximum == nil && found.mean == nil && found.standardDeviation == nil)
        #expect(found.nanCount + found.infinityCount == values.count)
    }

    @Test(
        "do not depend on the number of threads, and lose nothing at the seams of pieces",
        arguments: [65_535, 65_536, 65_537, 200_001])
    func pieces(count: Int) {
        // A large mean with a small spread: the difference of Σx² / n and mean² would have no digit right in Float.
        let values = (0..<count).map { 1000 + Float(($0 * 7919) % 1013) / 1013 }
        let tensor = StoredTensor(name: "w", shape: [count], floats: values)
        let one = measure(tensor)
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(count)
        #expect(abs((one.mean ?? 0) - mean) < 1e-9)
        #expect(abs((one.standardDeviation ?? 0) - variance.squareRoot()) < 1e-12)
        #expect(one.finiteCount == count && one.minimum == Double(values.min() ?? 0))
        let many = TensorStatistics.measure(
            [tensor, StoredTensor(name: "b", shape: [1], floats: [2]), tensor], on: ThreadPool(threadCount: 3))
        #expect(many[0] == one && many[2] == one && many[1].mean == 2)
    }

    @Test("find one value wherever it stands, also in unaligned data", arguments: [0, 1, 65_535, 65_536, 99_999])
    func position(index: Int) {
        var bits = [UInt16](repeating: 0, count: 100_000)
        bits[index] = BFloat16.bits(7)
        let bytes: [UInt8] = [0] + bits.flatMap { littleEndian($0) }
        let found = measure(
            StoredTensor(name: "w", shape: [1000, 100], type: .bf16, storage: Storage(copying: bytes), offset: 1))
        #expect(found.maximum == 7 && found.finiteCount == 100_000)
    }
}
