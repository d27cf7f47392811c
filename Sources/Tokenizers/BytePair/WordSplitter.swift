/// Splits text into the words within which byte-level BPE merges.
///
/// The words are the successive matches of GPT-2's pattern, first alternative first:
///
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///
/// Every byte belongs to exactly one word. The last blank before a visible character is thus left to the word that
/// follows, if it is a plain space, and stands alone if not.
package struct WordSplitter {
    /// A word is cut here; text has no such words, and merging counts places in 32 bits.
    private static let maximumWordLength = 1 << 30

    private let bytes: [UInt8]
    private let end: Int
    private var start: Int
    private let categories = ScalarCategory.table

    package init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        start = range.lowerBound
        end = range.upperBound
    }

    /// The next word, or `nil` at the end.
    package mutating func next() -> Range<Int>? {
        guard start < end else { return nil }
        let wordStart = start
        start = min(wordEnd(), wordStart + Self.maximumWordLength)
        return wordStart..<start
    }

    private func wordEnd() -> Int {
        if let contraction = contractionEnd() { return contraction }
        let first = scalar(at: start)
        let afterFirst = start + first.length
        if bytes[start] == UInt8(ascii: " "), afterFirst < end {
            let second = scalar(at: afterFirst)
            if second.category != .space { return runEnd(second.category, from: afterFirst + second.length).end }
        }
        let run = runEnd(first.category, from: afterFirst)
        let hasMore = run.end < end && run.last > start
        return first.category == .space && hasMore ? run.last : run.end
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`.
    private func contractionEnd() -> Int? {
        guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
        let second = start + 2 < end ? bytes[start + 2] : 0
        switch (bytes[start + 1], second) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return start + 2
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        default:
            return nil
        }
    }

    /// Where a run of one category ends, and where its last scalar begins: at `start` if nothing was added to the run.
    private func runEnd(_ category: ScalarCategory, from index: Int) -> (end: Int, last: Int) {
        var index = index
        var last = start
        while index < end {
            let next = scalar(at: index)
            guard next.category == category else { break }
            last = index
            index += next.length
        }
        return (index, last)
    }

    @inline(__always)
    private func scalar(at index: Int) -> (category: ScalarCategory, length: Int) {
        let byte = bytes[index]
        if byte < 0x80 { return (categories[Int(byte)], 1) }
        let (value, length) = decodeScalar(bytes, at: index, end: end)
        if value < 0x10000 { return (categories[Int(value)], length) }
        return (Unicode.Scalar(value).map(ScalarCategory.init) ?? .other, length)
    }
}
