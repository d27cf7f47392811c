/// The fixed numbers of the zip format (PKWARE's APPNOTE 4.3), shared by reader and writer.
enum ZipRecord {
    static let localHeader: UInt32 = 0x0403_4B50
    static let centralHeader: UInt32 = 0x0201_4B50
    static let end: UInt32 = 0x0605_4B50
    static let zip64End: UInt32 = 0x0606_4B50
    static let zip64Locator: UInt32 = 0x0706_4B50

    static let localHeaderByteCount = 30
    static let centralHeaderByteCount = 46
    static let endByteCount = 22
    static let zip64EndByteCount = 56
    static let zip64LocatorByteCount = 20

    /// The extra field that holds what does not fit 32 bits.
    static let zip64Extra: UInt16 = 0x0001
    /// A size or offset that stands in that extra field.
    static let inZip64 = 0xFFFF_FFFF
    /// A number of entries that stands in the 64-bit end record.
    static let entriesInZip64 = 0xFFFF
}
