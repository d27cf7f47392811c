extension StoredTensor {
    /// The elements as `Float`s, or `nil` if the type holds no weights. Doubles are rounded.
    /// - Complexity: O(count); allocates the array.
    public func floats() -> [Float]? {
        guard type.holdsWeights else { return nil }
        return [Float](unsafeUninitializedCapacity: shape.count) { target, count in
            copyFloats(to: target)
            count = shape.count
        }
    }

    /// Writes the elements as `Float`s to `target`, which has room for `shape.count`. The type must hold weights.
    public func copyFloats(to target: UnsafeMutableBufferPointer<Float>) {
        precondition(type.holdsWeights, "“\(name)” holds \(type.rawValue), which are no weights")
        let count = shape.count
        withBytes { source in
            switch type {
            case .f32:
                UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
            case .f64:
                for i in 0..<count {
                    target[i] = Float(source.loadUnaligned(fromByteOffset: i * 8, as: Double.self))
                }
            case .bf16:
                for i in 0..<count {
                    target[i] = BFloat16.float(source.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
                }
            case .f16:
                for i in 0..<count {
                    target[i] = Half.float(source.loadUnaligned(fromByteOffset: i * 2, as: UInt16.self))
                }
            case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q4_K, .q5_K, .q6_K:
                Quantization.decode(type, source, to: target)
            case .i64, .i32, .i16, .i8, .u8, .bool:
                break
            }
        }
    }

    /// Writes one row (of the outermost extent) as `Float`s to `target`, which has room for it.
    func copyRow(_ row: Int, to target: UnsafeMutableBufferPointer<Float>) {
        let (storage, offset) = location
        let bytes = byteCount / shape.extents[0]
        StoredTensor(
            name: name, shape: Shape(Array(shape.extents.dropFirst())), type: type, storage: storage,
            offset: offset + row * bytes
        ).copyFloats(to: target)
    }

    /// The tensor with its elements converted to `type`, one of `f32`, `bf16`, `f16`, `q8_0`, `q4_0`, `q4_1`, `q5_0` and
    /// `q5_1`; itself if it has that type, or if it holds no weights.
    ///
    /// Floating-point numbers are rounded to nearest, ties to even; blocks are quantised as ggml's
    /// `quantize_row_…_ref` do. For a quantised type the rows must be whole blocks.
    public func converted(to type: DataType) -> StoredTensor {
        if type == self.type { return self }
        precondition(
            type == .f32 || type == .bf16 || type == .f16 || Quantization.canEncode(type),
            "weights are not converted to \(type.rawValue)")
        guard let values = floats() else { return self }
        let storage =
            switch type {
            case .f32: Storage(copying: values)
            case .bf16: Storage(copying: values.map(BFloat16.bits))
            case .f16: Storage(copying: values.map(Half.bits))
            default: Quantization.encode(values, as: type)
            }
        return StoredTensor(name: name, shape: shape, type: type, storage: storage)
    }
}
