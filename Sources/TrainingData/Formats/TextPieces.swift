/// A long text in pieces of some kilobytes whose tokens, one piece after the other, are those of the whole.
///
/// A piece ends behind a line end that a letter or digit of ASCII follows. No tokenizer joins these: a token of the World
/// vocabulary that begins with line ends goes on with blanks only, and byte-level BPE cuts texts into words there. Where there
/// is no such place within a megabyte, the piece ends anywhere between two characters.
public struct TextPieces {
    private let bytes: UnsafeRawBufferPointer
    private let least: Int
    private let most: Int

    /// - Parameter least: A piece has at least so many bytes, but for the last.
    public init(_ bytes: UnsafeRawBufferPointer, least: Int = 16 << 10, most: Int = 1 << 20) {
        self.bytes = bytes
        self.least = least
        self.most = most
    }

    /// The piece that begins at `start`; empty at the end of the text.
    public func piece(from start: Int) -> Range<Int> {
        let limit = min(bytes.count, start + most)
        var end = min(bytes.count, start + least)
        while end < limit, !isBoundary(end) { end += 1 }
        if end == bytes.count || isBoundary(end) { return start..<end }
        // UTF-8 continues with bytes of 10xxxxxx; what is not UTF-8 is cut where it is.
        var cut = limit
        while cut > limit - 4, cut > start + 1, bytes[cut] & 0xC0 == 0x80 { cut -= 1 }
        return start..<cut
    }

    private func isBoundary(_ index: Int) -> Bool {
        guard bytes[index - 1] == UInt8(ascii: "\n") else { return false }
        switch bytes[index] {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default: return false
        }
    }
}
