package import Tensors

/// The directory of a zip archive whose entries are stored without compression and can be used in place.
///
/// Only what torch.save writes is read: one file, 64-bit records where announced, no compression, no encryption. Every
/// position is checked against the file before it is used.
package struct ZipArchive {
    /// What the directory says of an entry.
    struct Entry {
        var flags: UInt16
        var method: UInt16
        var checksum: UInt32
        var compressedByteCount: Int
        var byteCount: Int
        var headerOffset: Int
    }

    /// The entries' names in the directory's order.
    package private(set) var names: [String] = []
    private var entries: [String: Entry] = [:]
    private let storage: Storage
    private let directory: Range<Int>

    /// Reads the directory of the archive whose bytes are `storage`.
    /// - Throws: `CheckpointError`: `zipDirectoryMissing`, `zipDirectoryMalformed`, `zipEntryMalformed`,
    ///   `zipEntryRepeated`, `truncated`.
    package init(storage: Storage) throws(CheckpointError) {
        self.storage = storage
        let count: Int
        (directory, count) = try Self.findDirectory(storage)
        var reader = ByteReader(storage, range: directory, what: "zip directory")
        guard count <= directory.count / ZipRecord.centralHeaderByteCount else {
            throw .zipDirectoryMalformed(reason: "\(count) entries do not fit its \(directory.count) bytes")
        }
        names.reserveCapacity(count)
        for _ in 0..<count {
            let (name, entry) = try Self.entry(&reader)
            guard entries.updateValue(entry, forKey: name) == nil else { throw .zipEntryRepeated(name: name) }
            names.append(name)
        }
        guard reader.remaining == 0 else {
            throw .zipDirectoryMalformed(reason: "it has \(reader.remaining) bytes more than its \(count) entries")
        }
    }

    /// Whether there is an entry `name`.
    package func contains(_ name: String) -> Bool { entries[name] != nil }

    /// Where in the storage the data of entry `name` lie.
    /// - Throws: `CheckpointError`: `zipEntryMissing`, `zipEntryCompressed`, `zipEntryEncrypted`, `zipEntryMalformed`.
    package func range(of name: String) throws(CheckpointError) -> Range<Int> {
        guard let entry = entries[name] else { throw .zipEntryMissing(name: name) }
        if entry.flags & 1 != 0 { throw .zipEntryEncrypted(name: name) }
        guard entry.method == 0 else { throw .zipEntryCompressed(name: name, method: Int(entry.method)) }
        guard entry.compressedByteCount == entry.byteCount else {
            throw .zipEntryMalformed(
                name: name, reason: "its \(entry.byteCount) bytes are stored in \(entry.compressedByteCount)")
        }
        // Sizes in the local header may be zero (they then follow the data), so only the directory's are used.
        guard entry.headerOffset <= directory.lowerBound else {
            throw .zipEntryMalformed(name: name, reason: "it lies outside the file")
        }
        var reader = ByteReader(
            storage, range: entry.headerOffset..<directory.lowerBound, what: "zip entry \(quoted(name))")
        guard try reader.number(UInt32.self) == ZipRecord.localHeader else {
            throw .zipEntryMalformed(name: name, reason: "no header stands at byte \(entry.headerOffset)")
        }
        try reader.advance(by: 22)
        let nameByteCount = Int(try reader.number(UInt16.self))
        let extraByteCount = Int(try reader.number(UInt16.self))
        guard try reader.bytes(nameByteCount).elementsEqual(name.utf8) else {
            throw .zipEntryMalformed(name: name, reason: "its own header gives it another name")
        }
        try reader.advance(by: extraByteCount)
        let start = try reader.advance(by: entry.byteCount)
        return start..<start + entry.byteCount
    }

    /// Checks the data of entry `name` against the directory's checksum.
    /// - Throws: `CheckpointError`: as `range(of:)`, and `zipChecksumMismatch`.
    package func verify(_ name: String) throws(CheckpointError) {
        let range = try range(of: name)
        let computed = withExtendedLifetime(storage) {
            CRC32.of(UnsafeRawBufferPointer(rebasing: storage.bytes[range]))
        }
        let stored = entries[name]?.checksum ?? 0
        guard computed == stored else {
            throw .zipChecksumMismatch(name: name, stored: stored, computed: computed)
        }
    }

    private static func entry(_ reader: inout ByteReader) throws(CheckpointError) -> (String, Entry) {
        guard try reader.number(UInt32.self) == ZipRecord.centralHeader else {
            throw .zipDirectoryMalformed(reason: "no entry stands at byte \(reader.position - 4)")
        }
        try reader.advance(by: 4)
        let flags = try reader.number(UInt16.self)
        let method = try reader.number(UInt16.self)
        try reader.advance(by: 4)
        let checksum = try reader.number(UInt32.self)
        var compressed = try reader.count32()
        var plain = try reader.count32()
        let nameByteCount = Int(try reader.number(UInt16.self))
        let extraByteCount = Int(try reader.number(UInt16.self))
        let commentByteCount = Int(try reader.number(UInt16.self))
        try reader.advance(by: 8)
        var offset = try reader.count32()
        guard let name = try reader.text(nameByteCount) else {
            throw .zipDirectoryMalformed(reason: "the name at byte \(reader.position - nameByteCount) is not UTF-8")
        }
        let extra = try reader.advance(by: extraByteCount)
        if [plain, compressed, offset].contains(ZipRecord.inZip64) {
            var fields = ByteReader(reader.storage, range: extra..<extra + extraByteCount, what: "zip64 field")
            try seekZip64(&fields, name)
            // The field holds only the numbers that are announced, in this order.
            if plain == ZipRecord.inZip64 { plain = try fields.count64() }
            if compressed == ZipRecord.inZip64 { compressed = try fields.count64() }
            if offset == ZipRecord.inZip64 { offset = try fields.count64() }
        }
        try reader.advance(by: commentByteCount)
        return (
            name,
            Entry(
                flags: flags, method: method, checksum: checksum, compressedByteCount: compressed, byteCount: plain,
                headerOffset: offset)
        )
    }

    /// Moves `fields` to the contents of the 64-bit field.
    private static func seekZip64(_ fields: inout ByteReader, _ name: String) throws(CheckpointError) {
        while fields.remaining >= 4 {
            let kind = try fields.number(UInt16.self)
            let byteCount = Int(try fields.number(UInt16.self))
            if kind == ZipRecord.zip64Extra { return }
            try fields.advance(by: byteCount)
        }
        throw .zipEntryMalformed(name: name, reason: "the 64-bit field that it announces is missing")
    }
}
