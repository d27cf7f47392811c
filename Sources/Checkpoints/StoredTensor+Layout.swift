import Tensors

extension StoredTensor {
    /// The tensor with each element by itself: quantised ones become `f32`.
    var unpacked: StoredTensor { type.isQuantized ? converted(to: .f32) : self }

    /// The same bytes in another shape of as many elements.
    func reshaped(_ shape: Shape) -> StoredTensor {
        precondition(shape.count == self.shape.count, "“\(name)” \(self.shape) is not reshaped to \(shape)")
        let (storage, offset) = location
        return StoredTensor(name: name, shape: shape, type: type, storage: storage, offset: offset)
    }

    /// A copy with the last two of `rank` axes exchanged. Of a mapped file, only the copy stays in memory.
    /// - Throws: `unexpectedShape` if the tensor has another rank.
    func swappingLastAxes(rank: Int) throws(CheckpointError) -> StoredTensor {
        var extents = shape.extents
        guard extents.count == rank, rank >= 2 else {
            throw .unexpectedShape(name: name, found: shape, needed: "a tensor with \(rank) axes")
        }
        let plain = unpacked
        let (rows, columns) = (extents[rank - 2], extents[rank - 1])
        extents.swapAt(rank - 2, rank - 1)
        let copy = Storage(byteCount: plain.byteCount)
        plain.withBytes { source in
            guard let target = copy.mutableBytes else { return }
            switch plain.type.blockByteCount {
            case 8: exchange(source, target, rows, columns, UInt64.self)
            case 4: exchange(source, target, rows, columns, UInt32.self)
            case 2: exchange(source, target, rows, columns, UInt16.self)
            default: exchange(source, target, rows, columns, UInt8.self)
            }
        }
        dropPages()
        return StoredTensor(name: name, shape: Shape(extents), type: plain.type, storage: copy)
    }

    /// The tensor with `function` applied to every number, in `f32`.
    func mapNumbers(_ function: (Float) throws(CheckpointError) -> Float) throws(CheckpointError) -> StoredTensor {
        var values = floats() ?? []
        for i in values.indices { values[i] = try function(values[i]) }
        return StoredTensor(name: name, shape: shape, floats: values)
    }
}

/// Transposes every matrix of `rows` × `columns` elements.
private func exchange<Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ rows: Int, _ columns: Int,
    _: Element.Type
) {
    let width = MemoryLayout<Element>.size
    let matrixByteCount = rows * columns * width
    guard matrixByteCount > 0 else { return }
    for matrix in stride(from: 0, to: source.count, by: matrixByteCount) {
        for row in 0..<rows {
            for column in 0..<columns {
                let element = source.loadUnaligned(
                    fromByteOffset: matrix + (row * columns + column) * width, as: Element.self)
                target.storeBytes(
                    of: element, toByteOffset: matrix + (column * rows + row) * width, as: Element.self)
            }
        }
    }
}
