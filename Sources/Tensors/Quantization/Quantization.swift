/// Decodes and encodes runs of blocks.
package enum Quantization {
    /// Where in a block of `type` its half-precision scales and minima begin.
    package static func scaleOffsets(_ type: DataType) -> [Int] {
        switch type {
        case .q4_0, .q5_0, .q8_0: [0]
        case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
        case .q6_K: [208]
        default: []
        }
    }

    /// Writes the numbers that the blocks `source` stand for; `target` has room for them.
    package static func decode(
        _ type: DataType, _ source: UnsafeRawBufferPointer, to target: UnsafeMutableBufferPointer<Float>
    ) {
        switch type {
        case .q4_0: decode(Q4_0.self, source, target)
        case .q4_1: decode(Q4_1.self, source, target)
        case .q5_0: decode(Q5_0.self, source, target)
        case .q5_1: decode(Q5_1.self, source, target)
        case .q8_0: decode(Q8_0.self, source, target)
        case .q4_K: decode(Q4_K.self, source, target)
        case .q5_K: decode(Q5_K.self, source, target)
        case .q6_K: decode(Q6_K.self, source, target)
        default: preconditionFailure("\(type.rawValue) has no blocks")
        }
    }

    /// The blocks of `type` that stand for `values`, whose number is a multiple of the block's length: ggml's for blocks of
    /// 32, those of a search for blocks of 256.
    static func encode(_ values: [Float], as type: DataType) -> Storage {
        switch type {
        case .q4_0: encode(Q4_0.self, values)
        case .q4_1: encode(Q4_1.self, values)
        case .q5_0: encode(Q5_0.self, values)
        case .q5_1: encode(Q5_1.self, values)
        case .q8_0: encode(Q8_0.self, values)
        case .q4_K, .q5_K, .q6_K:
            optimize(values, as: type, columns: [Float](repeating: 1, count: type.blockLength), on: nil)
        default: preconditionFailure("numbers are not quantised to \(type.rawValue)")
        }
    }

    /// The blocks of `type` with the least weighted squared error that a search finds.
    /// - Parameters:
    ///   - columns: The weight of each column; the rows of `values` are as long.
    ///   - threads: Who shares the work.
    static func optimize(_ values: [Float], as type: DataType, columns: [Float], on threads: ThreadPool?) -> Storage {
        switch type {
        case .q4_0: optimize(Q4_0.self, values, columns, threads)
        case .q4_1: optimize(Q4_1.self, values, columns, threads)
        case .q5_0: optimize(Q5_0.self, values, columns, threads)
        case .q5_1: optimize(Q5_1.self, values, columns, threads)
        case .q8_0: optimize(Q8_0.self, values, columns, threads)
        case .q4_K: optimize(Q4_K.self, values, columns, threads)
        case .q5_K: optimize(Q5_K.self, values, columns, threads)
        case .q6_K: optimize(Q6_K.self, values, columns, threads)
        default: preconditionFailure("numbers are not quantised to \(type.rawValue)")
        }
    }

    private static func decode<Codec: BlockCodec>(
        _: Codec.Type, _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableBufferPointer<Float>
    ) {
        let (length, width) = (Codec.type.blockLength, Codec.type.blockByteCount)
        let count = source.count / width
        precondition(target.count >= count * length, "the target has room for \(count) blocks")
        guard let from = source.baseAddress, let to = target.baseAddress else { return }
        for i in 0..<count { Codec.decode(from + i * width, to: to + i * length) }
    }

    private static func encode<Codec: BlockEncoder>(_: Codec.Type, _ values: [Float]) -> Storage {
        let (length, width) = (Codec.type.blockLength, Codec.type.blockByteCount)
        precondition(values.count.isMultiple(of: length), "\(values.count) numbers are no whole blocks of \(length)")
        let count = values.count / length
        let storage = Storage(byteCount: count * width)
        values.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress, let to = storage.mutableBytes?.baseAddress else { return }
            for i in 0..<count { Codec.encode(from + i * length, to: to + i * width) }
        }
        return storage
    }

    private static func optimize<Codec: BlockOptimizer>(
        _: Codec.Type, _ values: [Float], _ columns: [Float], _ threads: ThreadPool?
    ) -> Storage {
        let (length, width) = (Codec.type.blockLength, Codec.type.blockByteCount)
        precondition(
            columns.count.isMultiple(of: length) && values.count.isMultiple(of: max(1, columns.count)),
            "\(values.count) numbers are no rows of \(columns.count), or these no whole blocks of \(length)")
        let count = values.count / length
        let storage = Storage(byteCount: count * width)
        values.withUnsafeBufferPointer { source in
            columns.withUnsafeBufferPointer { weights in
                guard let from = source.baseAddress, let to = storage.mutableBytes?.baseAddress,
                    let columnWeights = weights.baseAddress
                else { return }
                func encode(_ blocks: Range<Int>) {
                    for i in blocks {
                        Codec.optimize(
                            from + i * length, weights: columnWeights + i * length % weights.count, to: to + i * width)
                    }
                }
                if let threads {
                    threads.run(count, grain: 1 + 4096 / length, encode)
                } else {
                    encode(0..<count)
                }
            }
        }
        return storage
    }
}
