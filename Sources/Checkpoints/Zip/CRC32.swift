/// The checksum of zip entries: the reflected CRC with polynomial 0x04C11DB7, as in PKWARE's APPNOTE 4.4.7.
struct CRC32 {
    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of all bytes so far.
    var value: UInt32 { ~state }

    /// Takes in `bytes`, eight at a time.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        Self.tables.withUnsafeBufferPointer { tables in
            var i = 0
            while bytes.count - i >= 8 {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self)) ^ UInt64(state)
                // Table k holds the checksums of one byte followed by k zeros; the first byte has seven behind it.
                var mixed: UInt32 = 0
                for k in 0..<8 {
                    mixed ^= tables[(7 - k) << 8 | Int(truncatingIfNeeded: word >> (8 * UInt64(k)) & 0xFF)]
                }
                state = mixed
                i += 8
            }
            while i < bytes.count {
                state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[i])) & 0xFF)]
                i += 1
            }
        }
        self.state = state
    }

    /// The checksum of `bytes`.
    static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var checksum = CRC32()
        checksum.update(bytes)
        return checksum.value
    }

    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
            tables[byte] = value
        }
        for i in 256..<tables.count {
            let previous = tables[i - 256]
            tables[i] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()
}
