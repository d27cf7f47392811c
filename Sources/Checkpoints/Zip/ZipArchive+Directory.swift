import Tensors

extension ZipArchive {
    /// Where the directory lies, and how many entries it has, as the records at the end of the file say.
    static func findDirectory(_ storage: Storage) throws(CheckpointError) -> (Range<Int>, count: Int) {
        let end = try findEnd(storage)
        var reader = ByteReader(storage, range: end..<storage.bytes.count, what: "zip end record")
        try reader.advance(by: 4)
        let disk = try reader.number(UInt16.self)
        let directoryDisk = try reader.number(UInt16.self)
        let countHere = Int(try reader.number(UInt16.self))
        var count = Int(try reader.number(UInt16.self))
        var byteCount = try reader.count32()
        var offset = try reader.count32()
        var limit = end

        if count == ZipRecord.entriesInZip64 || byteCount == ZipRecord.inZip64 || offset == ZipRecord.inZip64 {
            (offset, byteCount, count, limit) = try zip64Directory(storage, before: end)
        } else if disk != 0 || directoryDisk != 0 || countHere != count {
            throw .zipDirectoryMalformed(reason: "it is spread over several files")
        }
        guard offset <= limit, byteCount <= limit - offset else {
            throw .zipDirectoryMalformed(reason: "it lies outside the file")
        }
        return (offset..<offset + byteCount, count)
    }

    /// The position of the end record: the last one whose comment reaches exactly to the end of the file.
    private static func findEnd(_ storage: Storage) throws(CheckpointError) -> Int {
        let byteCount = storage.bytes.count
        var position = byteCount - ZipRecord.endByteCount
        let first = max(0, position - 0xFFFF)
        while position >= first {
            var reader = ByteReader(storage, range: position..<byteCount, what: "zip end record")
            if try reader.number(UInt32.self) == ZipRecord.end {
                try reader.advance(by: 16)
                if Int(try reader.number(UInt16.self)) == reader.remaining { return position }
            }
            position -= 1
        }
        throw .zipDirectoryMissing
    }

    private static func zip64Directory(
        _ storage: Storage, before end: Int
    ) throws(CheckpointError) -> (offset: Int, byteCount: Int, count: Int, limit: Int) {
        let missing = CheckpointError.zipDirectoryMalformed(reason: "its 64-bit end record is missing")
        let locator = end - ZipRecord.zip64LocatorByteCount
        guard locator >= 0 else { throw missing }
        var reader = ByteReader(storage, range: locator..<end, what: "zip64 locator")
        guard try reader.number(UInt32.self) == ZipRecord.zip64Locator else { throw missing }
        try reader.advance(by: 4)
        let start = try reader.count64()
        guard start <= locator else { throw missing }

        reader = ByteReader(storage, range: start..<locator, what: "zip64 end record")
        guard try reader.number(UInt32.self) == ZipRecord.zip64End else { throw missing }
        try reader.advance(by: 8 + 2 + 2)
        let disks = (try reader.number(UInt32.self), try reader.number(UInt32.self))
        let countHere = try reader.count64()
        let count = try reader.count64()
        guard disks == (0, 0), countHere == count else {
            throw .zipDirectoryMalformed(reason: "it is spread over several files")
        }
        let byteCount = try reader.count64()
        let offset = try reader.count64()
        return (offset, byteCount, count, start)
    }
}
