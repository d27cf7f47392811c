/// Stands for a byte that begins no well-formed scalar.
package let illFormedScalar = UInt32.max

/// The length of the UTF-8 sequence that a first byte announces; 0 where no sequence begins with it.
func sequenceLength(of lead: UInt8) -> Int {
    switch lead {
    case 0x00...0x7F: 1
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: 0
    }
}

/// Whether a byte may stand second after this first byte: the table of well-formed sequences in the Unicode Standard,
/// which bars overlong forms, surrogates and values above U+10FFFF.
func isSecondByte(_ byte: UInt8, after lead: UInt8) -> Bool {
    switch lead {
    case 0xE0: byte >= 0xA0 && byte <= 0xBF
    case 0xED: byte >= 0x80 && byte <= 0x9F
    case 0xF0: byte >= 0x90 && byte <= 0xBF
    case 0xF4: byte >= 0x80 && byte <= 0x8F
    default: isContinuation(byte)
    }
}

/// Whether a byte continues a UTF-8 sequence.
func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

/// The scalar at an index, with its length; a byte that begins none is ``illFormedScalar`` of length 1.
package func decodeScalar(_ bytes: [UInt8], at index: Int, end: Int) -> (value: UInt32, length: Int) {
    let lead = bytes[index]
    if lead < 0x80 { return (UInt32(lead), 1) }
    let length = sequenceLength(of: lead)
    guard length > 1, index + length <= end, isSecondByte(bytes[index + 1], after: lead) else {
        return (illFormedScalar, 1)
    }
    // The first byte keeps 5, 4 or 3 of its bits in sequences of 2, 3 or 4.
    var value = UInt32(lead) & (0x7F >> UInt32(length))
    for offset in 1..<length {
        let byte = bytes[index + offset]
        guard isContinuation(byte) else { return (illFormedScalar, 1) }
        value = value << 6 | UInt32(byte & 0x3F)
    }
    return (value, length)
}

/// Appends a scalar's UTF-8.
package func appendScalar(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: scalar.utf8)
}

/// The offset of the first byte that is not well-formed UTF-8; `nil` if all are.
package func firstIllFormedByte(in bytes: [UInt8]) -> Int? {
    var index = 0
    while index < bytes.count {
        let (value, length) = decodeScalar(bytes, at: index, end: bytes.count)
        if value == illFormedScalar { return index }
        index += length
    }
    return nil
}
