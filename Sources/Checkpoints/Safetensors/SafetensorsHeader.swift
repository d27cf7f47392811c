import Tensors

/// The JSON at the head of a safetensors file: which tensor has which type, shape and range of the data.
struct SafetensorsHeader {
    /// What the header says of a tensor; `begin` and `end` count from the first byte of the data.
    struct Entry {
        var name: String
        var type: DataType
        var shape: Shape
        var begin: Int
        var end: Int
    }

    /// The official reader's limit, `MAX_HEADER_SIZE`.
    static let maximumByteCount = 100_000_000

    /// The entries in order of their bytes.
    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// Reads and checks the header `bytes` of a file that has `dataByteCount` bytes after it.
    ///
    /// The tensors must fill the data without gap or overlap: a file in which every byte has one meaning cannot hide
    /// another file.
    init(_ bytes: [UInt8], dataByteCount: Int) throws(CheckpointError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .headerNotUTF8 }
        guard bytes.first == UInt8(ascii: "{") else { throw .headerSyntax(offset: 0, expected: "an object") }
        try parse(bytes)
        entries.sort { ($0.begin, $0.end) < ($1.begin, $1.end) }
        try checkRanges(dataByteCount)
    }

    private mutating func parse(_ bytes: [UInt8]) throws(CheckpointError) {
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var names: Set<String> = []
        var reader = JSONReader(bytes)
        try reader.object { (reader, name) throws(CheckpointError) in
            guard names.insert(name).inserted else { throw .duplicateName(name: name) }
            if name == SafetensorsFile.metadataName {
                try reader.object { (reader, key) throws(CheckpointError) in
                    guard metadata.updateValue(try reader.string(), forKey: key) == nil else {
                        throw .duplicateName(name: key)
                    }
                }
            } else {
                entries.append(try Self.entry(name, &reader))
            }
        }
        try reader.finish()
        (self.entries, self.metadata) = (entries, metadata)
    }

    private static func entry(_ name: String, _ reader: inout JSONReader) throws(CheckpointError) -> Entry {
        var typeName: String?
        var extents: [Int]?
        var offsets: [Int]?
        try reader.object { (reader, key) throws(CheckpointError) in
            switch key {
            case "dtype" where typeName == nil: typeName = try reader.string()
            case "shape" where extents == nil: extents = try counts(&reader)
            case "data_offsets" where offsets == nil: offsets = try counts(&reader)
            case "dtype", "shape", "data_offsets": throw .duplicateName(name: key)
            default: try reader.skip()
            }
        }
        guard let typeName else { throw .headerEntryIncomplete(name: name, missing: "dtype") }
        guard let extents else { throw .headerEntryIncomplete(name: name, missing: "shape") }
        guard let offsets, offsets.count == 2 else {
            throw .headerEntryIncomplete(name: name, missing: "data_offsets")
        }
        guard let type = DataType(rawValue: typeName) else { throw .unsupportedType(name: name, type: typeName) }
        try TensorLimits.checkDimensions(extents, name: name)
        return Entry(name: name, type: type, shape: Shape(extents), begin: offsets[0], end: offsets[1])
    }

    private static func counts(_ reader: inout JSONReader) throws(CheckpointError) -> [Int] {
        var counts: [Int] = []
        try reader.array { (reader) throws(CheckpointError) in counts.append(try reader.count()) }
        return counts
    }

    private func checkRanges(_ dataByteCount: Int) throws(CheckpointError) {
        var previousEnd = 0
        for entry in entries {
            let (name, begin, end) = (entry.name, entry.begin, entry.end)
            guard begin <= end else { throw .offsetsReversed(name: name, begin: begin, end: end) }
            guard end <= dataByteCount else {
                throw .tensorOutsideData(name: name, begin: begin, end: end, dataByteCount: dataByteCount)
            }
            let expected = try TensorLimits.byteCount(entry.shape.extents, entry.type, name: name)
            guard expected == end - begin else {
                throw .byteCountMismatch(
                    name: name, shape: entry.shape, type: entry.type, expected: expected, found: end - begin)
            }
            guard begin >= previousEnd else {
                throw .tensorsOverlap(name: name, begin: begin, previousEnd: previousEnd)
            }
            guard begin == previousEnd else {
                throw .gapBeforeTensor(name: name, begin: begin, previousEnd: previousEnd)
            }
            previousEnd = end
        }
        guard previousEnd == dataByteCount else { throw .uncoveredBytes(count: dataByteCount - previousEnd) }
    }
}
