import Tensors

extension StoredTensor {
    /// The transposed matrix, in memory of its own.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents.
    func transposed() throws(CheckpointError) -> StoredTensor {
        _ = try matrixExtents()
        return try swappingLastAxes(rank: 2)
    }

    /// The rows of a matrix as vectors, where they are.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents.
    func matrixRows() throws(CheckpointError) -> [StoredTensor] {
        let (rows, columns) = try matrixExtents()
        let plain = unpacked
        let (storage, offset) = plain.location
        let rowByteCount = columns * plain.type.blockByteCount
        return (0..<rows).map {
            StoredTensor(
                name: name, shape: [columns], type: plain.type, storage: storage, offset: offset + $0 * rowByteCount)
        }
    }

    /// The matrix with its rows in equal blocks, of which block j is the one that was number `order[j]`.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents and as many equal blocks.
    func reorderedRowBlocks(_ order: [Int]) throws(CheckpointError) -> StoredTensor {
        let (rows, _) = try matrixExtents()
        guard rows % order.count == 0 else {
            throw .dialectShapeMismatch(name: name, needed: "\(order.count) equal blocks of rows", found: shape)
        }
        let plain = unpacked
        let copy = Storage(byteCount: plain.byteCount)
        let blockByteCount = plain.byteCount / order.count
        plain.withBytes { source in
            for (block, old) in order.enumerated() {
                let piece = source[old * blockByteCount..<(old + 1) * blockByteCount]
                copy.mutableBytes?[(block * blockByteCount)...].copyBytes(from: piece)
            }
        }
        return StoredTensor(name: name, shape: shape, type: plain.type, storage: copy)
    }

    private func matrixExtents() throws(CheckpointError) -> (rows: Int, columns: Int) {
        guard shape.extents.count == 2 else {
            throw .dialectShapeMismatch(name: name, needed: "two extents", found: shape)
        }
        return (shape.extents[0], shape.extents[1])
    }
}
