public import Tensors

/// The tensors of a model under BlinkDL's names, whatever file or folder they come from and whatever they are called there.
///
/// Files of any known format are opened; so are snapshots of the Hugging Face hub, in one file or in shards. What programs
/// that train put around names is taken off, and the names of other projects are translated; tensors of no known naming
/// keep their names. Adapters and states open likewise.
public struct ModelCheckpoint: TensorSource, VocabularySource {
    /// What people call the format of the file.
    public let formatName: String

    /// What people call the naming in the file; `nil` if it is BlinkDL's, or unknown.
    public let dialectName: String?

    public let tensors: [StoredTensor]
    public let metadata: [String: String]
    private let vocabularySource: (any VocabularySource)?

    /// The tokens that the file holds itself, as GGUF files do.
    public var vocabulary: [[UInt8]]? { vocabularySource?.vocabulary }

    public var tokenizerJSON: [UInt8]? { vocabularySource?.tokenizerJSON }

    /// The file at `path` as a holder of its tokenizer; no tensor is looked at, and a folder has none.
    public static func vocabularySource(at path: String) throws(CheckpointError) -> (any VocabularySource)? {
        do throws(CheckpointError) {
            let storage = try MappedFile(path: path).storage
            return try CheckpointFile.format(of: storage).vocabularySource(in: storage)
        } catch CheckpointError.isDirectory {
            return nil
        }
    }

    /// Opens the file or folder at `path`.
    /// - Throws: `CheckpointError`: from opening the file or a file of the folder; the folder and dialect cases.
    /// - Complexity: O(header); only tensors that are stored in another order of elements are copied.
    public init(path: String) throws(CheckpointError) {
        do throws(CheckpointError) {
            let file: any Checkpoint = try CheckpointFile.open(path: path)
            try self.init(file, formatName: type(of: file).formatName)
        } catch CheckpointError.isDirectory {
            let folder = try CheckpointFolder(path: path)
            try self.init(folder, formatName: folder.formatName)
        }
    }

    init(_ source: some TensorSource, formatName: String) throws(CheckpointError) {
        let unwrapped = try NameWrappers.removed(from: source.tensors)
        let names = Set(unwrapped.map(\.name))
        let dialect = nameDialects.first { $0.recognizes(names) }
        tensors = try dialect?.translate(unwrapped) ?? unwrapped
        dialectName = dialect?.name
        metadata = source.metadata
        vocabularySource = source as? any VocabularySource
        self.formatName = formatName
    }
}
