import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

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
    /// another file. Of a name that occurs twice one entry is kept, so that the bytes of the other are found uncovered.
    init(_ bytes: [UInt8], dataByteCount: Int) throws(CheckpointError) {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .headerNotUTF8 }
        // The decoder reads UTF-16 and UTF-32 too, in which every brace has a zero beside it.
        guard bytes.first == UInt8(ascii: "{"), !bytes.contains(0) else {
            throw .headerNotJSON(reason: "It is not an object in UTF-8.")
        }
        for (name, member) in try Self.members(bytes) {
            switch member {
            case .metadata(let texts): metadata = texts
            case .tensor(let entry): entries.append(try Entry(name, entry))
            }
        }
        entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
        try checkRanges(dataByteCount)
    }

    private static func members(_ bytes: [UInt8]) throws(CheckpointError) -> [String: SafetensorsMember] {
        do {
            return try JSONDecoder().decode([String: SafetensorsMember].self, from: Data(bytes))
        } catch let error as DecodingError {
            throw CheckpointError(error)
        } catch {
            throw .headerNotJSON(reason: "\(error)")
        }
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

extension SafetensorsHeader.Entry {
    fileprivate init(_ name: String, _ entry: SafetensorsMember.Entry) throws(CheckpointError) {
        let (extents, offsets) = (entry.shape, entry.data_offsets)
        guard extents.allSatisfy({ $0 >= 0 }) else { throw .headerEntryIncomplete(name: name, missing: "shape") }
        guard offsets.count == 2, offsets.allSatisfy({ $0 >= 0 }) else {
            throw .headerEntryIncomplete(name: name, missing: "data_offsets")
        }
        guard let type = DataType(rawValue: entry.dtype), !type.isQuantized else {
            throw .unsupportedType(name: name, type: entry.dtype)
        }
        try TensorLimits.checkDimensions(extents, name: name)
        self.init(name: name, type: type, shape: Shape(extents), begin: offsets[0], end: offsets[1])
    }
}

extension CheckpointError {
    /// The defect of a header of which the decoder says `error`.
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context): self.init(context.codingPath + [key])
        case .typeMismatch(_, let context), .valueNotFound(_, let context): self.init(context.codingPath)
        case .dataCorrupted(let context): self = .headerNotJSON(reason: context.debugDescription)
        @unknown default: self = .headerNotJSON(reason: "\(error)")
        }
    }

    /// A value at `path` that is missing or of the wrong kind. An entry that is no object lacks its first member.
    private init(_ path: [any CodingKey]) {
        let names = path.map(\.stringValue)
        if names.first == SafetensorsMember.metadataName {
            self = .headerMetadataNotText
        } else {
            self = .headerEntryIncomplete(name: names.first ?? "", missing: names.dropFirst().first ?? "dtype")
        }
    }
}
