extension StoredTensor {
    /// The tensor times 2^`exponent`, in its own type, or in `f32` if that type's range is too small.
    ///
    /// Exact where nothing overflows or falls below the normal numbers: of a quantised tensor, only the scales change.
    package func timesPowerOfTwo(_ exponent: Int) -> StoredTensor {
        guard exponent != 0, type.holdsWeights else { return self }
        let factor = Float(sign: .plus, exponent: exponent, significand: 1)
        let offsets = type == .f16 ? [0] : Quantization.scaleOffsets(type)
        if !offsets.isEmpty, let scaled = scalingHalves(at: offsets, factor) { return scaled }
        let values = (floats() ?? []).map { $0 * factor }
        let result = StoredTensor(name: name, shape: shape, floats: values)
        return type == .bf16 ? result.converted(to: .bf16) : result
    }

    /// The tensor with the half-precision numbers at `offsets` of every block times `factor`; `nil` if one is not exact.
    private func scalingHalves(at offsets: [Int], _ factor: Float) -> StoredTensor? {
        let copy = withBytes { Storage(copying: $0) }
        guard let bytes = copy.mutableBytes else { return nil }
        for block in stride(from: 0, to: bytes.count, by: type.blockByteCount) {
            for offset in offsets {
                let value = Half.float(bytes.loadUnaligned(fromByteOffset: block + offset, as: UInt16.self))
                let bits = Half.bits(value * factor)
                guard Half.float(bits) == value * factor || value.isNaN else { return nil }
                bytes.storeBytes(of: bits, toByteOffset: block + offset, as: UInt16.self)
            }
        }
        return StoredTensor(name: name, shape: shape, type: type, storage: copy)
    }
}
