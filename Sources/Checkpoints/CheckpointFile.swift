public import Tensors

/// A file format that holds named tensors.
///
/// One file of source per format: it conforms to this protocol and is added to `CheckpointFile.formats`.
public protocol Checkpoint: TensorSource {
    /// What people call the format.
    static var formatName: String { get }

    /// Whether a file that begins with `prefix` (its first 512 bytes, or all if it is shorter) is meant to be of this format.
    ///
    /// A damaged file may be recognised; opening it then says what is wrong.
    static func recognizes(_ prefix: [UInt8]) -> Bool

    /// Opens a file whose bytes are `storage`. The tensors point into it wherever possible.
    init(storage: Storage) throws(CheckpointError)

    /// The tokenizer that a file of this format may hold; `nil` if the format holds none.
    /// - Throws: `CheckpointError` for what must be read to find it.
    /// - Complexity: O(header); no tensor is looked at.
    static func vocabularySource(in storage: Storage) throws(CheckpointError) -> (any VocabularySource)?
}

extension Checkpoint {
    /// Maps the file at `path` and opens it.
    public init(path: String) throws(CheckpointError) {
        try self.init(storage: MappedFile(path: path).storage)
    }

    public static func vocabularySource(in storage: Storage) throws(CheckpointError) -> (any VocabularySource)? { nil }
}

/// Opens checkpoints by what they hold, whatever they are called.
public enum CheckpointFile {
    /// The formats that can be opened, in the order in which they are asked.
    public static let formats: [any Checkpoint.Type] = [
        SafetensorsFile.self, PyTorchFile.self, GGUFFile.self, RWKVCppFile.self,
    ]

    /// The names of the formats, for messages.
    static var formatNames: String { formats.map { $0.formatName }.joined(separator: ", ") }

    /// Maps the file at `path` and opens it with the first format that recognises it.
    /// - Throws: `CheckpointError`: from the mapping; `unknownContent` or `foreignContent`; from the format.
    public static func open(path: String) throws(CheckpointError) -> any Checkpoint {
        try open(storage: MappedFile(path: path).storage)
    }

    /// Opens a file whose bytes are `storage` with the first format that recognises it.
    /// - Throws: `CheckpointError`: `unknownContent` or `foreignContent`; from the format.
    public static func open(storage: Storage) throws(CheckpointError) -> any Checkpoint {
        try format(of: storage).init(storage: storage)
    }

    /// The first format that recognises a file whose bytes are `storage`.
    /// - Throws: `CheckpointError`: `unknownContent` or `foreignContent`.
    static func format(of storage: Storage) throws(CheckpointError) -> any Checkpoint.Type {
        let prefix = withExtendedLifetime(storage) { Array(storage.bytes.prefix(512)) }
        if let format = formats.first(where: { $0.recognizes(prefix) }) { return format }
        if let content = ForeignContent.allCases.first(where: { $0.recognizes(prefix) }) {
            throw .foreignContent(content)
        }
        throw .unknownContent(firstBytes: Array(prefix.prefix(16)))
    }
}
