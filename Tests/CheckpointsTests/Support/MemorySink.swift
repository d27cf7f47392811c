import Checkpoints
import Tensors

/// Collects in memory what would go to a file.
final class MemorySink: ByteSink {
    var bytes: [UInt8] = []

    func write(_ piece: UnsafeRawBufferPointer) throws(CheckpointError) { bytes += piece }
}

/// The bytes of `value`, least significant first.
func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// The bytes of a safetensors file of `tensors`.
func safetensorsBytes(_ tensors: [StoredTensor], metadata: [String: String] = [:]) throws -> [UInt8] {
    let sink = MemorySink()
    try SafetensorsFile.write(tensors, metadata: metadata, to: sink)
    return sink.bytes
}

/// The bytes of a .pth file of `tensors`.
func pyTorchBytes(_ tensors: [StoredTensor]) throws -> [UInt8] {
    let sink = MemorySink()
    try PyTorchFile.write(tensors, to: sink)
    return sink.bytes
}

extension StoredTensor {
    /// The tensor's bytes.
    var contents: [UInt8] { withBytes { Array($0) } }
}

/// One tensor of every type in many shapes, empty ones among them.
let oneTensorOfEveryType: [StoredTensor] = {
    let shapes: [Shape] = [[], [0], [3], [1, 1, 5], [2, 3], [7, 1], [2, 0, 4], [2, 3, 4], [1], [5]]
    return zip(DataType.allCases, shapes).map { type, shape in
        let count = shape.count * type.blockByteCount
        let storage = Storage(copying: (0..<count).map { UInt8(truncatingIfNeeded: type == .bool ? $0 & 1 : $0 * 7) })
        return StoredTensor(name: "a.\(type.rawValue).“ü”\n", shape: shape, type: type, storage: storage)
    }
}()
