/// A short number for a long content: equal contents have equal ones, and others hardly ever.
///
/// FNV-1a's scheme over words of 64 bits with a final mix from SplitMix64. It guards against mistakes and damage, not
/// against people who construct collisions.
struct Fingerprint {
    private var state: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ word: UInt64) {
        // The rotation lets high bits come back down, which the multiplication alone moves up only.
        state = (state ^ word) &* 0x0000_0100_0000_01B3
        state = state << 29 | state >> 35
        state = state &* 0x9E37_79B9_7F4A_7C15
    }

    /// Adds the bytes and their number.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        let words = bytes.count / 8
        for i in 0..<words { add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self))) }
        var rest: UInt64 = 0
        for byte in bytes[(8 * words)...] { rest = rest << 8 | UInt64(byte) }
        add(rest)
        add(UInt64(bytes.count))
    }

    mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        bytes.withUnsafeBytes { add($0) }
    }

    var value: UInt64 { mixed(state) }
}

/// SplitMix64's finaliser: every bit of the result depends on every bit of `x`.
func mixed(_ x: UInt64) -> UInt64 {
    var z = x
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
}

/// Sixteen hexadecimal digits.
func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}
