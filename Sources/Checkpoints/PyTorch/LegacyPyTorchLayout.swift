import Tensors

/// What torch.save wrote before PyTorch 1.6: five pickles one after another, then the storages.
///
///     magic number · protocol version 1001 · facts about the machine · the dictionary · the storages' keys in order
///     per storage: number of elements (8 bytes), elements
///
/// Source: `torch.serialization._legacy_load`.
enum LegacyPyTorchLayout {
    /// 0x1950A86A20F9469CFC6C, least significant byte first, as the argument of LONG1.
    private static let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    /// Whether a file that begins with `prefix` is laid out so.
    static func recognizes(_ prefix: [UInt8]) -> Bool {
        guard prefix.count > 2, prefix[0] == PickleOpcode.proto.rawValue else { return false }
        let hasFrame = prefix[2] == PickleOpcode.frame.rawValue
        return prefix.dropFirst(hasFrame ? 11 : 2).starts(with: magic)
    }

    /// Reads a file that was recognised.
    static func read(_ file: Storage) throws(CheckpointError) -> StateDictionary {
        var reader = ByteReader(file, what: "PyTorch file")
        _ = try Unpickler.read(&reader)
        guard case .integer(1001) = try Unpickler.read(&reader).root else {
            throw .legacyHeaderMalformed(reason: "its protocol version is not 1001")
        }
        try checkMachine(try Unpickler.read(&reader))
        let (root, heap) = try Unpickler.read(&reader)
        let ranges = try storageRanges(&reader, heap)
        let views = TensorViews(of: file) { (storage) throws(CheckpointError) in
            guard let range = ranges[storage.key] else { throw .storageMissing(key: storage.key) }
            return range
        }
        return try StateDictionary(root: root, heap: heap, views: views)
    }

    private static func checkMachine(_ facts: (root: PickleValue, heap: PickleHeap)) throws(CheckpointError) {
        guard case .dictionary(let index) = facts.root else {
            throw .legacyHeaderMalformed(reason: "the facts about the machine are \(facts.root.kind)")
        }
        for case (.string("little_endian"), .bool(false)) in facts.heap.dictionaries[index] { throw .bigEndian }
    }

    /// Where each storage's elements lie.
    private static func storageRanges(
        _ reader: inout ByteReader, _ heap: PickleHeap
    ) throws(CheckpointError) -> [String: Range<Int>] {
        let (root, keys) = try Unpickler.read(&reader)
        guard case .list(let index) = root else {
            throw .legacyHeaderMalformed(reason: "the list of storages is \(root.kind)")
        }
        var classes: [String: String] = [:]
        for storage in heap.storages { classes[storage.key] = storage.className }
        var ranges: [String: Range<Int>] = [:]
        for value in keys.sequences[index] {
            guard case .string(let key) = value, let className = classes[key] else {
                throw .legacyHeaderMalformed(reason: "it lists a storage that no tensor uses")
            }
            // How many bytes to skip is only known for types that are supported.
            guard let type = TorchType.type(ofStorageClass: className) else {
                throw .unsupportedType(name: key, type: className)
            }
            let (byteCount, overflow) = try reader.count64().multipliedReportingOverflow(by: type.blockByteCount)
            let start = try reader.advance(by: overflow ? Int.max : byteCount)
            ranges[key] = start..<start + byteCount
        }
        return ranges
    }
}
