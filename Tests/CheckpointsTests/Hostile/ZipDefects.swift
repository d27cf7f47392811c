import Checkpoints

/// .pth files whose zip archive has one defect each.
enum ZipDefects {
    static let all: [Defect] = directory + zip64 + entries

    private static let whole = torchArchive(PickleText.pickle(PickleText.minimal))
    /// The same with 64-bit records, as if everything were too large for 32 bits.
    private static let large = torchArchive(PickleText.pickle(PickleText.minimal), largestIn32Bits: 0)

    private static let end = whole.lastOffset(of: Array("PK\u{5}\u{6}".utf8))
    private static let firstEntry = whole.firstOffset(of: Array("PK\u{1}\u{2}".utf8))
    private static let largeEnd = large.lastOffset(of: Array("PK\u{6}\u{6}".utf8))
    private static let locator = large.lastOffset(of: Array("PK\u{6}\u{7}".utf8))
    private static let largeFirstEntry = large.firstOffset(of: Array("PK\u{1}\u{2}".utf8))
    private static let pickleName = "any name/data.pkl"

    private static let directory: [Defect] = [
        Defect("cut off", Array(whole.dropLast()), .zipDirectoryMissing),
        Defect("nothing but a local header", Array("PK\u{3}\u{4}".utf8), .zipDirectoryMissing),
        Defect(
            "spread over files", whole.replacing(at: end + 4, with: [1, 0]),
            .zipDirectoryMalformed(reason: "it is spread over several files")),
        Defect(
            "directory behind the file", whole.replacing(at: end + 16, with: littleEndian(UInt32(end + 1))),
            .zipDirectoryMalformed(reason: "it lies outside the file")),
        Defect(
            "more entries than bytes", whole.replacing(at: end + 8, with: [0xFE, 0xFF, 0xFE, 0xFF]),
            .zipDirectoryMalformed(reason: "65534 entries do not fit its \(end - firstEntry) bytes")),
        Defect(
            "fewer entries than bytes", whole.replacing(at: end + 8, with: [2, 0, 2, 0]),
            .zipDirectoryMalformed(reason: "it has 61 bytes more than its 2 entries")),
        Defect(
            "no entry where one should be", whole.replacing(at: firstEntry, with: [0x51]),
            .zipDirectoryMalformed(reason: "no entry stands at byte \(firstEntry)")),
        Defect(
            "name that is no UTF-8", whole.replacing(at: firstEntry + 46, with: [0xFF]),
            .zipDirectoryMalformed(reason: "the name at byte \(firstEntry + 46) is not UTF-8")),
    ]

    private static let zip64: [Defect] = [
        Defect(
            "64-bit end record not found", large.replacing(at: locator, with: [0x51]),
            .zipDirectoryMalformed(reason: "its 64-bit end record is missing")),
        Defect(
            "64-bit end record behind the file", large.replacing(at: locator + 8, with: littleEndian(UInt64.max)),
            .zipDirectoryMalformed(reason: "its 64-bit end record is missing")),
        Defect(
            "64-bit directory size of 2⁶⁴ − 1", large.replacing(at: largeEnd + 40, with: littleEndian(UInt64.max)),
            .zipDirectoryMalformed(reason: "it lies outside the file")),
        Defect(
            "64-bit field missing",
            large.replacing(at: largeFirstEntry + 46 + pickleName.utf8.count, with: [0x46, 0x42]),
            .zipEntryMalformed(name: pickleName, reason: "the 64-bit field that it announces is missing")),
    ]

    private static let entries: [Defect] = [
        Defect("archive without a pickle", zipArchive([("a/b", [1])]), .zipEntryMissing(name: "data.pkl")),
        Defect("entry twice", zipArchive([("a/b", [1]), ("a/b", [2])]), .zipEntryRepeated(name: "a/b")),
        Defect(
            "compressed entry", whole.replacing(at: firstEntry + 10, with: [8, 0]),
            .zipEntryCompressed(name: pickleName, method: 8)),
        Defect(
            "encrypted entry", whole.replacing(at: firstEntry + 8, with: [1, 8]), .zipEntryEncrypted(name: pickleName)),
        Defect(
            "sizes that disagree", whole.replacing(at: firstEntry + 20, with: littleEndian(UInt32(7))),
            .zipEntryMalformed(
                name: pickleName, reason: "its \(PickleText.pickle(PickleText.minimal).count) bytes are stored in 7")),
        Defect(
            "entry behind the directory", whole.replacing(at: firstEntry + 42, with: littleEndian(UInt32(end))),
            .zipEntryMalformed(name: pickleName, reason: "it lies outside the file")),
        Defect(
            "entry without a header of its own", whole.replacing(at: firstEntry + 42, with: littleEndian(UInt32(1))),
            .zipEntryMalformed(name: pickleName, reason: "no header stands at byte 1")),
        Defect(
            "entry of another name", whole.replacing(at: 30, with: [0x41]),
            .zipEntryMalformed(name: pickleName, reason: "its own header gives it another name")),
        Defect(
            "entry longer than the file",
            whole.replacing(at: firstEntry + 20, with: littleEndian(UInt32(99_999)) + littleEndian(UInt32(99_999))),
            .truncated(
                what: "zip entry “\(pickleName)”", offset: 64, needed: 99_999, available: firstEntry - 64)),
        Defect(
            "changed pickle", whole.replacing(at: 64 + 2, with: [0x5D]),
            .zipChecksumMismatch(
                name: pickleName, stored: crc32(PickleText.pickle(PickleText.minimal)),
                computed: crc32([0x80, 2, 0x5D] + PickleText.pickle(PickleText.minimal).dropFirst(3)))),
    ]
}

/// The CRC-32 of `bytes`, bit by bit as the definition has it.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    var state = UInt32.max
    for byte in bytes {
        state ^= UInt32(byte)
        for _ in 0..<8 { state = state >> 1 ^ (state & 1) * 0xEDB8_8320 }
    }
    return ~state
}
