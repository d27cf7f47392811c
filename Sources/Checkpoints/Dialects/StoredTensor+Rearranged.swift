import Tensors

extension StoredTensor {
    /// The transposed matrix, in memory of its own.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents.
    func transposed() throws(CheckpointError) -> StoredTensor {
        let (rows, columns) = try matrixExtents()
        let copy = Storage(byteCount: byteCount)
        withBytes { source in
            guard let target = copy.mutableBytes else { return }
            switch type.byteCount {
            case 8: Self.transpose(source, target, rows, columns, UInt64.self)
            case 4: Self.transpose(source, target, rows, columns, UInt32.self)
            case 2: Self.transpose(source, target, rows, columns, UInt16.self)
            default: Self.transpose(source, target, rows, columns, UInt8.self)
            }
        }
        return StoredTensor(name: name, shape: [columns, rows], type: type, storage: copy)
    }

    /// The rows of a matrix as vectors, where they are.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents.
    func matrixRows() throws(CheckpointError) -> [StoredTensor] {
        let (rows, columns) = try matrixExtents()
        return (0..<rows).map { part(at: $0 * columns, shape: [columns]) }
    }

    /// The matrix with its rows in equal blocks, of which block j is the one that was number `order[j]`.
    /// - Throws: `CheckpointError.dialectShapeMismatch` unless there are two extents and as many equal blocks.
    func reorderedRowBlocks(_ order: [Int]) throws(CheckpointError) -> StoredTensor {
        let (rows, _) = try matrixExtents()
        guard rows % order.count == 0 else {
            throw .dialectShapeMismatch(name: name, needed: "\(order.count) equal blocks of rows", found: shape)
        }
        let copy = Storage(byteCount: byteCount)
        let blockByteCount = byteCount / order.count
        withBytes { source in
            for (block, old) in order.enumerated() {
                let piece = source[old * blockByteCount..<(old + 1) * blockByteCount]
                copy.mutableBytes?[(block * blockByteCount)...].copyBytes(from: piece)
            }
        }
        return StoredTensor(name: name, shape: shape, type: type, storage: copy)
    }

    /// The same elements, in the same order, as another shape of as many.
    func reshaped(_ shape: Shape) -> StoredTensor { part(at: 0, shape: shape) }

    private func part(at element: Int, shape: Shape) -> StoredTensor {
        let (storage, offset) = location
        return StoredTensor(
            name: name, shape: shape, type: type, storage: storage, offset: offset + element * type.byteCount)
    }

    private func matrixExtents() throws(CheckpointError) -> (rows: Int, columns: Int) {
        guard shape.extents.count == 2 else {
            throw .dialectShapeMismatch(name: name, needed: "two extents", found: shape)
        }
        return (shape.extents[0], shape.extents[1])
    }

    private static func transpose<Element: BitwiseCopyable>(
        _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ rows: Int, _ columns: Int,
        _: Element.Type
    ) {
        let width = MemoryLayout<Element>.size
        for row in 0..<rows {
            for column in 0..<columns {
                let element = source.loadUnaligned(fromByteOffset: (row * columns + column) * width, as: Element.self)
                target.storeBytes(of: element, toByteOffset: (column * rows + row) * width, as: Element.self)
            }
        }
    }
}
