import Tensors

/// What a file of rwkv.cpp says, with its own shapes and numbers.
///
///     6 numbers: magic, version, V, C, L, element type
///     for each tensor: number of axes, length of the name, element type; extents (fastest first); name; data
///
/// Numbers are little-endian and have 32 bits; nothing is padded.
struct RWKVCppHeader {
    static let magic: UInt32 = 0x6767_6D66
    static let version: UInt32 = 101
    static let supportedVersions: [UInt32] = [100, version]
    static let maximumDimensions = 3

    let vocabularySize: Int
    let width: Int
    let layerCount: Int
    /// The tensors under the names of the file, in its order, with the outermost extent first.
    private(set) var tensors: [StoredTensor] = []

    /// - Throws: `CheckpointError`: `truncated`, `unsupportedVersion`, `removedType`, `unsupportedType`, `nameNotUTF8`,
    ///   `duplicateName`, `tooManyDimensions`, `shapeTooLarge`, `rowsNotWholeBlocks`.
    init(_ storage: Storage) throws(CheckpointError) {
        var reader = ByteReader(storage, what: "rwkv.cpp file")
        try reader.advance(by: 4)
        let version = try reader.number(UInt32.self)
        guard Self.supportedVersions.contains(version) else {
            throw .unsupportedVersion(
                format: RWKVCppFile.formatName, version: version, supported: Self.supportedVersions)
        }
        vocabularySize = try reader.count32()
        width = try reader.count32()
        layerCount = try reader.count32()
        _ = try RWKVCppType.type(reader.number(UInt32.self), name: "the model")
        var names: Set<String> = []
        while reader.remaining > 0 {
            let tensor = try Self.tensor(&reader)
            // The blocks of version 100 had another layout.
            if version < Self.version, tensor.type.isQuantized {
                throw .removedType(name: tensor.name, type: "\(tensor.type.rawValue) of version \(version)")
            }
            guard names.insert(tensor.name).inserted else { throw .duplicateName(name: tensor.name) }
            tensors.append(tensor)
        }
    }

    private static func tensor(_ reader: inout ByteReader) throws(CheckpointError) -> StoredTensor {
        let axes = try reader.count32()
        let nameLength = try reader.count32()
        let id = try reader.number(UInt32.self)
        guard axes <= maximumDimensions else {
            throw .tooManyDimensions(name: "", count: axes, limit: maximumDimensions)
        }
        var extents: [Int] = []
        for _ in 0..<axes { extents.insert(try reader.count32(), at: 0) }
        let offset = reader.position
        guard let name = try reader.text(nameLength) else { throw .nameNotUTF8(offset: offset) }
        let type = try RWKVCppType.type(id, name: name)
        let byteCount = try TensorLimits.byteCount(extents, type, name: name)
        let start = try reader.advance(by: byteCount)
        return StoredTensor(name: name, shape: Shape(extents), type: type, storage: reader.storage, offset: start)
    }
}
