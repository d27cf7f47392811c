public import Tensors

/// The tensors of a safetensors file, pointing into its mapping.
///
///     8 bytes    N, little-endian
///     N bytes    JSON: {"name": {"dtype": "F32", "shape": […], "data_offsets": [begin, end]}, …, "__metadata__": {…}}
///     the rest   the tensors' bytes, row-major and little-endian, without gap
///
/// Types, shapes and ranges are checked as strictly as by the official reader (huggingface/safetensors,
/// `SafeTensors::read_metadata`); the JSON, as far as `JSONDecoder` does.
public struct SafetensorsFile: Checkpoint {
    public static let formatName = "safetensors"

    /// The tensors in order of their bytes in the file.
    public let tensors: [StoredTensor]

    /// The strings of `__metadata__`.
    public let metadata: [String: String]

    public static func recognizes(_ prefix: [UInt8]) -> Bool {
        // A length of 2⁴⁰ and more is no header's; the limit itself is left to the opening, which names it.
        prefix.count > 8 && prefix[8] == UInt8(ascii: "{") && prefix[5..<8].allSatisfy { $0 == 0 }
    }

    /// Opens a safetensors file whose bytes are `storage`.
    /// - Throws: `CheckpointError`: `truncated`, any of the safetensors cases, `duplicateName`, `unsupportedType`,
    ///   `shapeTooLarge`, `tooManyDimensions`.
    /// - Complexity: O(header); the data are not touched.
    public init(storage: Storage) throws(CheckpointError) {
        var reader = ByteReader(storage, what: "safetensors file")
        let claimed = try reader.number(UInt64.self)
        guard let length = Int(exactly: claimed), length <= SafetensorsHeader.maximumByteCount else {
            throw .headerTooLarge(byteCount: claimed, limit: SafetensorsHeader.maximumByteCount)
        }
        guard length <= reader.remaining else {
            throw .headerOutsideFile(byteCount: length, available: reader.remaining)
        }
        let header = try SafetensorsHeader(reader.bytes(length), dataByteCount: reader.remaining)
        let start = reader.position
        tensors = header.entries.map {
            StoredTensor(name: $0.name, shape: $0.shape, type: $0.type, storage: storage, offset: start + $0.begin)
        }
        metadata = header.metadata
    }
}
