public import Tensors

extension StoredTensor {
    /// A tensor of a quantised type with random integers, whose half-precision scales and minima are below 1/32: negative and
    /// subnormal ones are among them.
    public static func randomBlocks(_ name: String, _ shape: Shape, _ type: DataType, seed: UInt64) -> StoredTensor {
        var random = RandomNumbers(seed: seed)
        let storage = Storage(byteCount: shape.count / type.blockLength * type.blockByteCount)
        guard let bytes = storage.mutableBytes else { preconditionFailure("memory of its own is mutable") }
        for i in bytes.indices { bytes[i] = UInt8(random.below(256)) }
        for block in stride(from: 0, to: bytes.count, by: type.blockByteCount) {
            for offset in Quantization.scaleOffsets(type) {
                // The upper byte of a half: sign, exponent below 2⁻⁵, two bits of fraction.
                bytes[block + offset + 1] = bytes[block + offset + 1] & 0x80 | UInt8(random.below(0x28))
            }
        }
        return StoredTensor(name: name, shape: shape, type: type, storage: storage)
    }
}
