public import Tokenizers

/// A vocabulary in the order of its tokens' bytes, so that what neighbours share is looked at once.
///
/// Made once for a tokenizer; takes some tens of milliseconds for 65,536 tokens.
public struct TokenLexicon: Sendable {
    /// The tokens that stand for bytes.
    let tokens: [Int32]
    /// The bytes of all of them, and where each begins.
    let bytes: [UInt8]
    let starts: [Int]
    /// How many bytes each has in common with the one before.
    let shared: [Int]
    /// The length of the longest.
    let longest: Int
    let vocabularySize: Int
    /// Whether every byte that occurs in UTF-8 is a token, so that each text can be written; a zero may be the end of it.
    let hasAllBytes: Bool
    private let byToken: [Int32: Int]

    public init(_ tokenizer: any Tokenizer) {
        var entries: [(token: Int32, bytes: [UInt8])] = []
        for token in 0..<Int32(clamping: tokenizer.vocabularySize) where token != tokenizer.endOfText {
            guard let bytes = tokenizer.bytes(of: token), !bytes.isEmpty else { continue }
            entries.append((token, bytes))
        }
        entries.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        var (all, starts, shared): ([UInt8], [Int], [Int]) = ([], [], [])
        var last: [UInt8] = []
        for entry in entries {
            starts.append(all.count)
            shared.append(zip(last, entry.bytes).prefix { $0 == $1 }.count)
            all += entry.bytes
            last = entry.bytes
        }
        starts.append(all.count)
        tokens = entries.map(\.token)
        bytes = all
        self.starts = starts
        self.shared = shared
        longest = entries.lazy.map(\.bytes.count).max() ?? 0
        vocabularySize = tokenizer.vocabularySize
        let single = Set(entries.lazy.filter { $0.bytes.count == 1 }.map { $0.bytes[0] })
        hasAllBytes = (UInt8(1)...0xF4).allSatisfy { single.contains($0) || $0 == 0xC0 || $0 == 0xC1 }
        byToken = Dictionary(entries.enumerated().map { ($1.token, $0) }) { first, _ in first }
    }

    /// The number of bytes of an entry.
    func count(of entry: Int) -> Int { starts[entry + 1] - starts[entry] }

    /// Those of some neighbours with the same first bytes that have a certain one next.
    /// - Complexity: O(log entries).
    func entries(having byte: UInt8, at place: Int, of range: Range<Int>) -> Range<Int> {
        func first(atLeast byte: Int) -> Int {
            var (low, high) = (range.lowerBound, range.upperBound)
            while low < high {
                let middle = (low + high) / 2
                let found = count(of: middle) > place ? Int(bytes[starts[middle] + place]) : -1
                if found < byte { low = middle + 1 } else { high = middle }
            }
            return low
        }
        return first(atLeast: Int(byte))..<first(atLeast: Int(byte) + 1)
    }

    /// The bytes of a token; none for one that stands for nothing.
    func bytes(of token: Int32) -> ArraySlice<UInt8> {
        guard let place = byToken[token] else { return [] }
        return bytes[starts[place]..<starts[place + 1]]
    }
}
