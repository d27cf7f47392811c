package import Tensors

/// Writes a zip archive of stored entries whose data begin at multiples of 64 bytes, as torch.save lays them out.
///
/// 64-bit records are written only for what does not fit 32 bits. Dates are those of torch.save (1980), so that the same
/// entries give the same bytes.
package final class ZipWriter {
    private struct Entry {
        var name: [UInt8]
        var checksum: UInt32
        var byteCount: Int
        var offset: Int
    }

    private let sink: any ByteSink
    private let largestIn32Bits: Int
    private var position = 0
    private var entries: [Entry] = []

    /// - Parameter largestIn32Bits: What is larger goes into 64-bit records. Tests lower it to see them.
    package init(to sink: any ByteSink, largestIn32Bits: Int = 0xFFFF_FFFE) {
        self.sink = sink
        self.largestIn32Bits = largestIn32Bits
    }

    /// Appends an entry.
    package func add(_ name: String, _ data: UnsafeRawBufferPointer) throws(CheckpointError) {
        let entry = Entry(name: Array(name.utf8), checksum: CRC32.of(data), byteCount: data.count, offset: position)
        let isLarge = entry.byteCount > largestIn32Bits
        var extra: [UInt8] = []
        if isLarge {
            extra += littleEndian(ZipRecord.zip64Extra) + littleEndian(UInt16(16))
            extra += littleEndian(UInt64(entry.byteCount)) + littleEndian(UInt64(entry.byteCount))
        }
        let unpadded = position + ZipRecord.localHeaderByteCount + entry.name.count + extra.count + 4
        let padding = (64 - unpadded % 64) % 64
        // "FB" is the field in which PyTorch hides its padding.
        extra +=
            Array("FB".utf8) + littleEndian(UInt16(padding)) + [UInt8](repeating: UInt8(ascii: "Z"), count: padding)

        var header = littleEndian(ZipRecord.localHeader)
        header += common(entry, version: isLarge ? 45 : 20, isLarge: isLarge, extraByteCount: extra.count)
        try write(header + entry.name + extra)
        try sink.write(data)
        position += data.count
        entries.append(entry)
    }

    /// Appends an entry of `bytes`.
    package func add(_ name: String, _ bytes: [UInt8]) throws(CheckpointError) {
        let result = bytes.withUnsafeBytes { data in Result { () throws(CheckpointError) in try add(name, data) } }
        try result.get()
    }

    /// Appends an entry of the bytes of `tensor`.
    package func add(_ name: String, _ tensor: StoredTensor) throws(CheckpointError) {
        let result = tensor.withBytes { data in Result { () throws(CheckpointError) in try add(name, data) } }
        try result.get()
    }

    /// Appends the directory. To be called once, at the end.
    package func finish() throws(CheckpointError) {
        let start = position
        for entry in entries { try writeDirectoryEntry(entry) }
        let byteCount = position - start
        let isLarge =
            entries.count >= ZipRecord.entriesInZip64 || start > largestIn32Bits || byteCount > largestIn32Bits
        if isLarge { try writeZip64End(start: start, byteCount: byteCount) }

        let count = littleEndian(UInt16(isLarge ? ZipRecord.entriesInZip64 : entries.count))
        var end = littleEndian(ZipRecord.end) + littleEndian(UInt32(0)) + count + count
        end += littleEndian(UInt32(isLarge ? ZipRecord.inZip64 : byteCount))
        end += littleEndian(UInt32(isLarge ? ZipRecord.inZip64 : start))
        try write(end + littleEndian(UInt16(0)))
    }

    private func writeDirectoryEntry(_ entry: Entry) throws(CheckpointError) {
        let isLarge = entry.byteCount > largestIn32Bits
        let isFar = entry.offset > largestIn32Bits
        var values: [UInt8] = []
        if isLarge { values += littleEndian(UInt64(entry.byteCount)) + littleEndian(UInt64(entry.byteCount)) }
        if isFar { values += littleEndian(UInt64(entry.offset)) }
        let extra =
            values.isEmpty
            ? [] : littleEndian(ZipRecord.zip64Extra) + littleEndian(UInt16(values.count)) + values

        let version: UInt16 = isLarge || isFar ? 45 : 20
        var header = littleEndian(ZipRecord.centralHeader) + littleEndian(version)
        header += common(entry, version: version, isLarge: isLarge, extraByteCount: extra.count)
        // Comment length, disk, internal attributes (2 bytes each), external attributes (4).
        header += [UInt8](repeating: 0, count: 10)
        header += littleEndian(UInt32(isFar ? ZipRecord.inZip64 : entry.offset))
        try write(header + entry.name + extra)
    }

    /// The fields that both headers of an entry share, from the version needed to the length of the extra fields.
    private func common(_ entry: Entry, version: UInt16, isLarge: Bool, extraByteCount: Int) -> [UInt8] {
        let utf8Name: UInt16 = 1 << 11
        let firstOfJanuary1980: UInt16 = 1 << 5 | 1
        let byteCount = littleEndian(UInt32(isLarge ? ZipRecord.inZip64 : entry.byteCount))
        var fields = littleEndian(version) + littleEndian(utf8Name) + littleEndian(UInt16(0))
        fields += littleEndian(UInt16(0)) + littleEndian(firstOfJanuary1980)
        fields += littleEndian(entry.checksum) + byteCount + byteCount
        return fields + littleEndian(UInt16(entry.name.count)) + littleEndian(UInt16(extraByteCount))
    }

    private func writeZip64End(start: Int, byteCount: Int) throws(CheckpointError) {
        let offset = position
        let version = littleEndian(UInt16(45))
        let count = littleEndian(UInt64(entries.count))
        var end = littleEndian(ZipRecord.zip64End) + littleEndian(UInt64(ZipRecord.zip64EndByteCount - 12))
        end += version + version + littleEndian(UInt64(0)) + count + count
        end += littleEndian(UInt64(byteCount)) + littleEndian(UInt64(start))
        end += littleEndian(ZipRecord.zip64Locator) + littleEndian(UInt32(0)) + littleEndian(UInt64(offset))
        try write(end + littleEndian(UInt32(1)))
    }

    private func write(_ bytes: [UInt8]) throws(CheckpointError) {
        try sink.write(bytes)
        position += bytes.count
    }
}
