public import Tensors

/// The tensors of a file that torch.save wrote from a dictionary, pointing into its mapping.
///
///     name/data.pkl       a pickle that describes the tensors as views of numbered storages
///     name/data/0 …       the storages, not compressed
///     name/byteorder      "little"
///
/// `name` is any word. The older layout, from before PyTorch 1.6, is read as well. Nothing in the file is run. Tensors that
/// are not contiguous are copied; the rest is used in place. Nested dictionaries and lists are flattened, the names joined
/// by dots, and the plain values in dictionaries become the metadata.
public struct PyTorchFile: Checkpoint {
    public static let formatName = "PyTorch"

    /// The tensors in the dictionary's order.
    public let tensors: [StoredTensor]

    /// The strings and numbers in the dictionary.
    public let metadata: [String: String]

    public static func recognizes(_ prefix: [UInt8]) -> Bool {
        prefix.starts(with: littleEndian(ZipRecord.localHeader)) || LegacyPyTorchLayout.recognizes(prefix)
    }

    /// Opens a .pth file whose bytes are `storage`.
    /// - Throws: `CheckpointError`: the zip, pickle and PyTorch cases; `duplicateName`, `unsupportedType`,
    ///   `shapeTooLarge`, `tooManyDimensions`, `truncated`.
    /// - Complexity: O(pickle), and O(elements) for tensors that are not contiguous.
    public init(storage: Storage) throws(CheckpointError) {
        let prefix = withExtendedLifetime(storage) { Array(storage.bytes.prefix(64)) }
        let contents =
            LegacyPyTorchLayout.recognizes(prefix)
            ? try LegacyPyTorchLayout.read(storage)
            : try Self.readArchive(storage)
        tensors = contents.tensors
        metadata = contents.metadata
    }

    private static func readArchive(_ storage: Storage) throws(CheckpointError) -> StateDictionary {
        let archive = try ZipArchive(storage: storage)
        let pickles = archive.names.filter { $0.hasSuffix("/data.pkl") }
        // Exported programs hold further pickles in folders of their own; the main one lies outermost.
        guard let pickle = pickles.min(by: { $0.utf8.count < $1.utf8.count }) else {
            throw .zipEntryMissing(name: "data.pkl")
        }
        let folder = String(pickle.dropLast("data.pkl".count))
        if archive.contains(folder + "byteorder") {
            var order = ByteReader(storage, range: try archive.range(of: folder + "byteorder"), what: "byte order")
            guard try order.bytes(order.remaining).elementsEqual("little".utf8) else { throw .bigEndian }
        }
        try archive.verify(pickle)
        var reader = ByteReader(storage, range: try archive.range(of: pickle), what: "pickle")
        let (root, heap) = try Unpickler.read(&reader)
        let views = TensorViews(of: storage) { (storage) throws(CheckpointError) in
            let entry = folder + "data/" + storage.key
            guard archive.contains(entry) else { throw .storageMissing(key: storage.key) }
            return try archive.range(of: entry)
        }
        return try StateDictionary(root: root, heap: heap, views: views)
    }
}
