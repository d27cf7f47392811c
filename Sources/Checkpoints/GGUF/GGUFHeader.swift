import Tensors

/// The head of a GGUF file: its metadata, and which tensor lies where.
///
///     "GGUF", version, number of tensors, number of keys
///     for each key: name, type, value
///     for each tensor: name, number of axes, extents (fastest first), type, offset in the data
///     padding to the alignment, data
///
/// Numbers are little-endian; texts have a length of 64 bits before them.
struct GGUFHeader {
    /// A whole `tokenizer.json`, for programs that read such.
    static let tokenizerJSONKey = "tokenizer.huggingface.json"

    static let magic = Array("GGUF".utf8)
    static let supportedVersions: [UInt32] = [2, 3]
    /// ggml's `GGML_MAX_DIMS`.
    static let maximumDimensions = 4
    static let alignmentKey = "general.alignment"
    static let defaultAlignment = 32

    private(set) var values: [String: GGUFValue] = [:]
    /// The tensors under the names of the file, in its order, with the outermost extent first.
    private(set) var tensors: [StoredTensor] = []

    private struct Entry {
        let name: String
        let type: DataType
        let extents: [Int]
        let byteCount: Int
        let begin: Int

        /// `Int.max` where there is no such offset.
        var end: Int {
            let (end, overflow) = begin.addingReportingOverflow(byteCount)
            return overflow ? Int.max : end
        }
    }

    /// - Throws: `CheckpointError`: `truncated`, any of the GGUF cases, `duplicateName`, `unsupportedType`,
    ///   `shapeTooLarge`, `tooManyDimensions`, `rowsNotWholeBlocks`, `tensorOutsideData`, `tensorsOverlap`.
    init(_ storage: Storage) throws(CheckpointError) {
        var reader = ByteReader(storage, what: "GGUF file")
        try reader.advance(by: Self.magic.count)
        let version = try reader.number(UInt32.self)
        guard Self.supportedVersions.contains(version) else {
            if Self.supportedVersions.contains(version.byteSwapped) { throw .bigEndianVersion(version) }
            throw .unsupportedVersion(
                format: GGUFFile.formatName, version: version, supported: Self.supportedVersions)
        }
        let tensorCount = try reader.count64()
        let keyCount = try reader.count64()
        // Each has several bytes, so that no count can keep these loops going beyond the file.
        for _ in 0..<keyCount {
            let key = try Self.name(&reader)
            let value = try GGUFValue(&reader, key: key)
            if values.updateValue(value, forKey: key) != nil { throw .duplicateName(name: key) }
        }
        let alignment = try alignment()
        var entries: [Entry] = []
        var names: Set<String> = []
        for _ in 0..<tensorCount {
            let entry = try Self.entry(&reader, alignment)
            guard names.insert(entry.name).inserted else { throw .duplicateName(name: entry.name) }
            entries.append(entry)
        }
        if entries.isEmpty { return }
        let padding = (alignment - reader.position % alignment) % alignment
        try reader.advance(by: padding)
        try Self.checkRanges(entries, dataByteCount: reader.remaining)
        let start = reader.position
        tensors = entries.map {
            StoredTensor(
                name: $0.name, shape: Shape($0.extents), type: $0.type, storage: storage, offset: start + $0.begin)
        }
    }

    /// A count that must be there.
    func count(_ key: String) throws(CheckpointError) -> Int {
        guard let value = values[key] else { throw .missingKey(key) }
        guard let count = value.count else {
            throw .invalidKey(key, found: value.text ?? "an array", needed: "a count")
        }
        return count
    }

    private func alignment() throws(CheckpointError) -> Int {
        guard values[Self.alignmentKey] != nil else { return Self.defaultAlignment }
        let alignment = try count(Self.alignmentKey)
        guard alignment > 0, alignment & (alignment - 1) == 0 else {
            throw .invalidKey(Self.alignmentKey, found: "\(alignment)", needed: "a power of two")
        }
        return alignment
    }

    private static func name(_ reader: inout ByteReader) throws(CheckpointError) -> String {
        let offset = reader.position
        guard let name = try reader.text(reader.count64()) else { throw .nameNotUTF8(offset: offset) }
        return name
    }

    private static func entry(_ reader: inout ByteReader, _ alignment: Int) throws(CheckpointError) -> Entry {
        let name = try name(&reader)
        let axes = try reader.count32()
        guard axes <= maximumDimensions else {
            throw .tooManyDimensions(name: name, count: axes, limit: maximumDimensions)
        }
        var extents: [Int] = []
        for _ in 0..<axes { extents.insert(try reader.count64(), at: 0) }
        let id = try reader.number(UInt32.self)
        guard let type = GGMLType.type(id) else { throw .unsupportedType(name: name, type: GGMLType.name(id)) }
        let byteCount = try TensorLimits.byteCount(extents, type, name: name)
        let begin = try reader.count64()
        guard begin.isMultiple(of: alignment) else {
            throw .tensorMisaligned(name: name, offset: begin, alignment: alignment)
        }
        return Entry(name: name, type: type, extents: extents, byteCount: byteCount, begin: begin)
    }

    /// Gaps are allowed: the alignment makes them.
    private static func checkRanges(_ entries: [Entry], dataByteCount: Int) throws(CheckpointError) {
        var previousEnd = 0
        for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard entry.end <= dataByteCount else {
                throw .tensorOutsideData(
                    name: entry.name, begin: entry.begin, end: entry.end, dataByteCount: dataByteCount)
            }
            guard entry.begin >= previousEnd else {
                throw .tensorsOverlap(name: entry.name, begin: entry.begin, previousEnd: previousEnd)
            }
            previousEnd = entry.end
        }
    }
}
