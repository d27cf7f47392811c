public import Tensors

/// How many values of a tensor are no numbers to compute with.
public struct NonFiniteValues: Hashable, Sendable {
    /// The tensor's name.
    public let name: String
    /// The number of values that are not a number.
    public let nanCount: Int
    /// The number of values that are plus or minus infinity.
    public let infinityCount: Int

    public init(name: String, nanCount: Int, infinityCount: Int) {
        self.name = name
        self.nanCount = nanCount
        self.infinityCount = infinityCount
    }
}

extension NonFiniteValues: CustomStringConvertible {
    public var description: String { "\(quoted(name)) holds \(nanCount) NaN and \(infinityCount) infinite values" }
}

/// Finds NaN and infinite values, which a damaged file or a diverged training leaves behind.
public enum NonFiniteScan {
    /// The tensors among `tensors` that hold such values, in their order. Integer tensors hold none.
    /// - Complexity: O(bytes); the bits are tested in place, without conversion.
    public static func scan(_ tensors: [StoredTensor]) -> [NonFiniteValues] { tensors.compactMap(scan) }

    private static func scan(_ tensor: StoredTensor) -> NonFiniteValues? {
        tensor.withBytes { bytes in
            switch tensor.type {
            case .f64: count(bytes, exponent: 0x7FF0_0000_0000_0000 as UInt64, name: tensor.name)
            case .f32: count(bytes, exponent: 0x7F80_0000 as UInt32, name: tensor.name)
            case .bf16: count(bytes, exponent: 0x7F80 as UInt16, name: tensor.name)
            case .f16: count(bytes, exponent: 0x7C00 as UInt16, name: tensor.name)
            case .i64, .i32, .i16, .i8, .u8, .bool: nil
            case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q4_K, .q5_K, .q6_K:
                count(blocks: bytes, of: tensor.type, name: tensor.name)
            }
        }
    }

    /// Only a block with such a scale or minimum has such values, and few have.
    private static func count(blocks bytes: UnsafeRawBufferPointer, of type: DataType, name: String) -> NonFiniteValues?
    {
        let exponent = 0x7C00 as UInt16
        let offsets = Quantization.scaleOffsets(type)
        var values = [Float](repeating: 0, count: type.blockLength)
        var nan = 0
        var infinity = 0
        for start in stride(from: 0, to: bytes.count, by: type.blockByteCount) {
            let isSuspect = offsets.contains {
                bytes.loadUnaligned(fromByteOffset: start + $0, as: UInt16.self) & exponent == exponent
            }
            guard isSuspect else { continue }
            let block = UnsafeRawBufferPointer(rebasing: bytes[start..<start + type.blockByteCount])
            values.withUnsafeMutableBufferPointer { Quantization.decode(type, block, to: $0) }
            nan += values.count { $0.isNaN }
            infinity += values.count { $0.isInfinite }
        }
        return nan + infinity == 0 ? nil : NonFiniteValues(name: name, nanCount: nan, infinityCount: infinity)
    }

    /// All bits of the exponent are set in NaN and infinity, and only there; infinity has no other bit but the sign. So
    /// without the sign, the bits of both are the largest, and those of infinity are `exponent`.
    @inline(__always)
    private static func count<Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ bytes: UnsafeRawBufferPointer, exponent: Bits, name: String
    ) -> NonFiniteValues? {
        guard let base = bytes.baseAddress else { return nil }
        let width = MemoryLayout<Bits>.size
        let count = bytes.count / width
        let signless = Bits.max >> 1
        // Nearly every tensor ends after this loop, which the compiler turns into vector instructions.
        var largest: Bits = 0
        for i in 0..<count {
            largest = max(largest, base.loadUnaligned(fromByteOffset: i &* width, as: Bits.self) & signless)
        }
        if largest < exponent { return nil }
        var nan = 0
        var infinity = 0
        for i in 0..<count {
            let bits = base.loadUnaligned(fromByteOffset: i &* width, as: Bits.self) & signless
            nan &+= bits > exponent ? 1 : 0
            infinity &+= bits == exponent ? 1 : 0
        }
        return NonFiniteValues(name: name, nanCount: nan, infinityCount: infinity)
    }
}
