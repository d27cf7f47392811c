/// The tokens of words met before in the same text.
///
/// A table without chains: a word that falls on another's place takes it. Words and tokens lie in two arrays that are
/// emptied when they have grown large, so that a cache never needs more than about a megabyte.
struct WordCache {
    private static let maximumWordLength = 64
    private static let maximumBytes = 1 << 19
    private static let maximumEntries = 1 << 14

    private struct Entry {
        var hash: UInt64 = 0
        var start: UInt32 = 0
        var tokenStart: UInt32 = 0
        /// 0 in an entry without a word.
        var length: UInt16 = 0
        var tokenCount: UInt16 = 0
    }

    private var entries: [Entry]
    private var words: [UInt8] = []
    private var tokens: [TokenID] = []
    // The hash of the word that was looked for last, which is the one that will be inserted.
    private var hash: UInt64 = 0

    /// An empty cache of a size that suits a text of so many bytes.
    init(textLength: Int) {
        var count = 16
        while count < Self.maximumEntries, count < textLength / 8 { count *= 2 }
        entries = Array(repeating: Entry(), count: count)
    }

    /// Appends the tokens of a word, if it is known.
    mutating func append(_ bytes: [UInt8], _ range: Range<Int>, to result: inout [TokenID]) -> Bool {
        guard range.count <= Self.maximumWordLength else { return false }
        hash = 0xCBF2_9CE4_8422_2325
        for index in range { hash = (hash ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }  // FNV-1a
        let entry = entries[slot]
        guard entry.hash == hash, Int(entry.length) == range.count else { return false }
        var index = Int(entry.start)
        for position in range {
            guard words[index] == bytes[position] else { return false }
            index += 1
        }
        let start = Int(entry.tokenStart)
        for index in start..<(start + Int(entry.tokenCount)) { result.append(tokens[index]) }
        return true
    }

    /// Remembers the tokens of the word for which ``append(_:_:to:)`` has just been called in vain.
    mutating func insert(_ bytes: [UInt8], _ range: Range<Int>, tokens new: ArraySlice<TokenID>) {
        guard range.count <= Self.maximumWordLength else { return }
        if words.count > Self.maximumBytes {
            words.removeAll(keepingCapacity: true)
            tokens.removeAll(keepingCapacity: true)
            for index in entries.indices { entries[index] = Entry() }
        }
        entries[slot] = Entry(
            hash: hash, start: UInt32(words.count), tokenStart: UInt32(tokens.count),
            length: UInt16(range.count), tokenCount: UInt16(new.count))
        words += bytes[range]
        tokens += new
    }

    private var slot: Int { Int((hash ^ hash >> 32) & UInt64(entries.count - 1)) }
}
