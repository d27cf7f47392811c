import Checkpoints
import Tensors
import Testing

@Suite("The scan for NaN and infinity")
struct NonFiniteScanTests {
    /// What the scan has to find: two NaN of either sign, three infinities, and the largest and smallest numbers passed over.
    private let values: [Double] = [
        0, -0.0, 1, .nan, .infinity, -1, -.infinity, -.nan, .infinity, Double(Float.greatestFiniteMagnitude),
    ]

    private func tensor(_ type: DataType, _ storage: Storage) -> StoredTensor {
        StoredTensor(
            name: type.rawValue, shape: Shape([storage.bytes.count / type.blockByteCount]), type: type, storage: storage
        )
    }

    @Test("counts them in every floating-point type", arguments: DataType.allCases.filter(\.isFloatingPoint))
    func counts(type: DataType) {
        // The largest finite number of half precision is 0x7BFF, of bfloat16 0x7F7F.
        let floats = values.dropLast().map(Float.init)
        let storage =
            switch type {
            case .f64: Storage(copying: values + [.greatestFiniteMagnitude, .leastNonzeroMagnitude])
            case .f32: Storage(copying: values.map(Float.init) + [.leastNonzeroMagnitude])
            case .bf16: Storage(copying: floats.map(BFloat16.bits) + [0x7F7F, 0xFF7F])
            default: Storage(copying: floats.map(Half.bits) + [0x7BFF, 0xFBFF])
            }
        let expected = NonFiniteValues(name: type.rawValue, nanCount: 2, infinityCount: 3)
        #expect(NonFiniteScan.scan([tensor(type, storage)]) == [expected])
        #expect("\(expected)" == "“\(type.rawValue)” holds 2 NaN and 3 infinite values")
    }

    @Test("reports only the tensors that hold some, in order, and no integers")
    func order() {
        let ones = tensor(.i16, Storage(copying: [UInt16](repeating: 0xFFFF, count: 100)))
        let good = StoredTensor(name: "good", shape: [2], floats: [1, 2])
        let bad = StoredTensor(name: "bad", shape: [2], floats: [1, .nan])
        let worse = StoredTensor(name: "worse", shape: [1], floats: [-.infinity])
        #expect(NonFiniteScan.scan([ones, bad, good, worse]).map(\.name) == ["bad", "worse"])
    }

    @Test("finds one bad value wherever it stands, also where the data are not aligned", arguments: 0..<67)
    func positions(index: Int) {
        var floats = [Float](repeating: 3, count: 67)
        floats[index] = .infinity
        let bytes: [UInt8] = [0] + floats.flatMap { littleEndian($0.bitPattern) }
        let tensor = StoredTensor(name: "w", shape: [67], type: .f32, storage: Storage(copying: bytes), offset: 1)
        #expect(NonFiniteScan.scan([tensor]) == [NonFiniteValues(name: "w", nanCount: 0, infinityCount: 1)])
    }
}
