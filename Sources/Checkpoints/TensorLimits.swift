import Tensors

/// The checks that a tensor of any file has to pass before its size is used.
enum TensorLimits {
    /// As many dimensions as PyTorch and NumPy allow.
    static let maximumDimensions = 64

    /// Checks the number of dimensions.
    static func checkDimensions(_ extents: [Int], name: String) throws(CheckpointError) {
        guard extents.count <= maximumDimensions else {
            throw .tooManyDimensions(name: name, count: extents.count, limit: maximumDimensions)
        }
    }

    /// The bytes of a tensor of `extents` (none negative), checked not to overflow and to have rows of whole blocks.
    static func byteCount(_ extents: [Int], _ type: DataType, name: String) throws(CheckpointError) -> Int {
        guard let count = Shape(extents).checkedCount else { throw .shapeTooLarge(name: name, extents: extents) }
        let rowLength = extents.last ?? 1
        guard rowLength.isMultiple(of: type.blockLength) else {
            throw .rowsNotWholeBlocks(name: name, rowLength: rowLength, type: type)
        }
        guard let byteCount = type.byteCount(of: count) else { throw .shapeTooLarge(name: name, extents: extents) }
        return byteCount
    }
}
