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

    /// The tensor with its elements converted to `type`: `f32`, `bf16`, `f16` or a quantised one; itself if it has that
    /// type, or if it holds no weights.
    ///
    /// Floating-point numbers are rounded to nearest, ties to even; blocks of 32 are quantised as ggml's
    /// `quantize_row_…_ref` do, blocks of 256 as `quantized` does. For a quantised type the rows must be whole blocks.
    public func converted(to type: DataType) -> StoredTensor {
        if type == self.type { return self }
        precondition(
            type == .f32 || type == .bf16 || type == .f16 || type.isQuantized,
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

    /// The tensor in a quantised type, with the scales that a search finds for the least squared error.
    ///
    ///     error = Σ_n Σ_k importance[k] · (W[n, k] − decoded[n, k])²
    ///
    /// - Parameters:
    ///   - importance: How much each column counts: best the mean square of the input that it is multiplied with, which makes
    ///     the error that of the layer's output (as llama.cpp's importance matrix does). All alike if `nil`.
    ///   - threads: Who shares the work.
    /// - Complexity: O(count), some 50 times the cost of `converted(to:)`.
    public func quantized(to type: DataType, importance: [Float]? = nil, on threads: ThreadPool? = nil) -> StoredTensor
    {
        precondition(type.isQuantized, "\(type.rawValue) has no blocks")
        guard let values = floats() else { return self }
        let width = shape.extents.last ?? 1
        let columns = importance ?? [Float](repeating: 1, count: width)
        precondition(
            columns.count == width, "“\(name)” \(shape) needs \(width) weights of columns, not \(columns.count)")
        let storage = Quantization.optimize(values, as: type, columns: columns, on: threads)
        return StoredTensor(name: name, shape: shape, type: type, storage: storage)
    }
}
