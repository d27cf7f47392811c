public import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension SafetensorsFile {
    /// Writes `tensors` to a safetensors file at `path`, which appears whole or not at all.
    ///
    /// The data begin at a multiple of 64 bytes, and wider elements come first, so that every element is aligned when the
    /// file is mapped; tensors of one width keep their order. The same tensors and metadata give the same bytes.
    /// - Throws: `CheckpointError`: `duplicateName`, `reservedName`, `headerTooLarge`; `typeNotInFormat` for a quantised
    ///   tensor; `isDirectory`, `notRegularFile`, `diskFull`, `cannotWrite`.
    /// - Complexity: O(bytes) time; no copy of the data is made.
    public static func write(
        _ tensors: [StoredTensor], metadata: [String: String] = [:], to path: String
    ) throws(CheckpointError) {
        // Before the file is opened, so that a mistake in the names leaves no trace.
        let (header, ordered) = try header(tensors, metadata)
        let file = try AtomicFile(path: path)
        try write(header, ordered, to: file)
        try file.commit()
    }

    /// Writes the bytes of such a file to `sink`.
    package static func write(
        _ tensors: [StoredTensor], metadata: [String: String], to sink: any ByteSink
    ) throws(CheckpointError) {
        let (header, ordered) = try header(tensors, metadata)
        try write(header, ordered, to: sink)
    }

    private static func write(
        _ header: [UInt8], _ tensors: [StoredTensor], to sink: any ByteSink
    ) throws(CheckpointError) {
        try sink.write(header)
        for tensor in tensors { try sink.write(tensor) }
    }

    /// The length and the header, padded with spaces; and the tensors in their order in the file.
    private static func header(
        _ tensors: [StoredTensor], _ metadata: [String: String]
    ) throws(CheckpointError) -> (bytes: [UInt8], ordered: [StoredTensor]) {
        var names: Set<String> = []
        for tensor in tensors {
            if tensor.name == SafetensorsMember.metadataName { throw .reservedName(name: tensor.name) }
            guard names.insert(tensor.name).inserted else { throw .duplicateName(name: tensor.name) }
            if tensor.type.isQuantized {
                throw .typeNotInFormat(name: tensor.name, type: tensor.type, format: formatName)
            }
        }
        let widths = Set(tensors.map(\.type.blockByteCount)).sorted(by: >)
        let ordered = widths.flatMap { width in tensors.filter { $0.type.blockByteCount == width } }

        var members: [String: SafetensorsMember] = [:]
        if !metadata.isEmpty { members[SafetensorsMember.metadataName] = .metadata(metadata) }
        var begin = 0
        for tensor in ordered {
            let end = begin + tensor.byteCount
            members[tensor.name] = .tensor(
                .init(dtype: tensor.type.rawValue, shape: tensor.shape.extents, data_offsets: [begin, end]))
            begin = end
        }
        var text = try json(members)
        while (8 + text.count) % 64 != 0 { text.append(UInt8(ascii: " ")) }
        guard text.count <= SafetensorsHeader.maximumByteCount else {
            throw .headerTooLarge(byteCount: UInt64(text.count), limit: SafetensorsHeader.maximumByteCount)
        }
        return (littleEndian(UInt64(text.count)) + text, ordered)
    }

    private static func json(_ members: [String: SafetensorsMember]) throws(CheckpointError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return Array(try encoder.encode(members))
        } catch {
            throw .headerNotJSON(reason: "\(error)")
        }
    }
}
