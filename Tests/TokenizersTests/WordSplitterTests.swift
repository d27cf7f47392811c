import Testing
import Tokenizers

@Suite("Words of byte-level BPE")
struct WordSplitterTests {
    // By hand from the pattern 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    @Test(
        "Text is split as the pattern says",
        arguments: [
            ["Hello", " world"], ["a", "  ", " b"], ["a", "   "], ["\n", "\n", "b"], ["\n ", " b"], [" ", "\n", "b"],
            [" "],
            ["it", "'s", " don", "'t", " we", "'re", "'ve", "'ll", "'m", "'d"], ["x", "'", "y"], ["'", "S"],
            ["''", "s"],
            [" '", "s"], ["'s", "even"], ["'", "r"], ["'", "l", "12"], ["12", "ab", "34", "!?", " 5", " ...", "c"],
            ["é", "\u{A0}", "ß"], ["a", "\u{A0}", " b"], ["a", " ", "\u{A0}", "b"], ["x", " 你好", "，", "世界"],
            ["x", " 😀😀", "y"],
            ["e", "\u{301}", "x"], ["x", " \u{301}"], ["½", "x", "Ⅷ٣"], ["a", "\u{2028}", "b"], ["a", "\u{85}", "b"],
            ["a", "\u{200B}", "b"], ["𝒳", "𝟙"], ["a", "\u{1C}", "b"], ["\u{3000}", "\u{3000}", "a"],
        ].map { $0.filter { !$0.isEmpty } })
    func pattern(words: [String]) {
        #expect(split(Array(words.joined().utf8)).map { String(decoding: $0, as: UTF8.self) } == words)
    }

    @Test("Bytes that are not UTF-8 count as other characters")
    func illFormed() {
        #expect(split([0x61, 0xFF, 0x21, 0x62]) == [[0x61], [0xFF, 0x21], [0x62]])
        #expect(split([0x20, 0xE4, 0xBD, 0x31]) == [[0x20, 0xE4, 0xBD], [0x31]])
    }

    @Test("Every byte is in one word", arguments: 0..<50)
    func complete(seed: Int) {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let bytes = numbers.bytes(count: 200)
        let words = split(bytes)
        #expect(words.flatMap { $0 } == bytes)
        #expect(words.allSatisfy { !$0.isEmpty })
    }

    private func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var splitter = WordSplitter(bytes, 0..<bytes.count)
        var words: [[UInt8]] = []
        while let word = splitter.next() { words.append(Array(bytes[word])) }
        return words
    }
}
