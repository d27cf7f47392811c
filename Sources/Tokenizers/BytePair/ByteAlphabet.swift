/// The characters that stand for bytes in the files of byte-level BPE.
///
/// Bytes that Latin-1 prints (33…126, 161…172, 174…255) stand for themselves; the other 68, in order, are U+0100 and
/// what follows. The blank, for one, is “Ġ”, U+0120. (`bytes_to_unicode` in GPT-2's `encoder.py`.)
enum ByteAlphabet {
    /// The scalar of each byte.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt16 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 33...126, 161...172, 174...255: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? "\u{FFFD}"
            }
        }
    }()

    /// The byte of each scalar below U+0144, the first that stands for none; `nil` for scalars that stand for no byte.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = UInt8(byte) }
        return bytes
    }()

    /// The bytes that a token's text in a file stands for. Text with any character from outside the alphabet stands for
    /// its own UTF-8, as in Hugging Face's decoder.
    static func bytes(of text: String) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 0x144, let byte = bytes[Int(scalar.value)] else { return Array(text.utf8) }
            result.append(byte)
        }
        return result
    }

    /// The text, in UTF-8, that stands for bytes in a file.
    static func text(of bytes: some Sequence<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes { appendScalar(scalars[Int(byte)], to: &result) }
        return result
    }
}
