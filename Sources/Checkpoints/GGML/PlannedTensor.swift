import Tensors

/// A tensor of a file to be written: what its header says, and how to make its bytes when their turn comes.
struct PlannedTensor {
    let name: String
    let shape: Shape
    let type: DataType
    private let source: StoredTensor

    /// A tensor that is `source`, converted to `type` while it is written.
    /// - Throws: `rowsNotWholeBlocks`, `shapeTooLarge`; `invalidWeight` and such are the caller's business.
    init(_ source: StoredTensor, named name: String, as type: DataType) throws(CheckpointError) {
        _ = try TensorLimits.byteCount(source.shape.extents, type, name: source.name)
        self.name = name
        self.source = source
        self.type = type
        shape = source.shape
    }

    var byteCount: Int { type.byteCount(of: shape.count) ?? 0 }

    func write(to sink: any ByteSink) throws(CheckpointError) { try sink.write(source.converted(to: type)) }
}
