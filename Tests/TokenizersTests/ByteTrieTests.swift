import Testing
import Tokenizers

@Suite("The byte trie")
struct ByteTrieTests {
    @Test("The longest match is the one that a search through all keys finds", arguments: 0..<30)
    func longestMatch(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        // Few letters make for many shared prefixes, all 256 for wide nodes.
        let letters: ClosedRange<UInt8> = seed % 2 == 0 ? 97...99 : 0...255
        func word(_ length: Int) -> [UInt8] { (0..<length).map { _ in UInt8.random(in: letters, using: &numbers) } }
        let keys = Array(Set((0..<(seed * 40)).map { _ in word(Int.random(in: 1...9, using: &numbers)) }))
        let trie = try ByteTrie(keys.enumerated().map { (bytes: $1, token: TokenID($0)) })
        let text = word(400)
        for start in text.indices {
            let match = trie.longestMatch(in: text, from: start, to: text.count)
            let expected = keys.filter { text[start...].starts(with: $0) }.max { $0.count < $1.count }
            #expect(match.map { keys[Int($0.token)] } == expected)
            #expect(match?.end == expected.map { start + $0.count })
        }
    }

    @Test("A match does not reach beyond the end that is given")
    func end() throws {
        let trie = try ByteTrie([(bytes: [1, 2, 3], token: 7), (bytes: [1], token: 8)])
        #expect(trie.longestMatch(in: [1, 2, 3], from: 0, to: 3)?.token == 7)
        #expect(trie.longestMatch(in: [1, 2, 3], from: 0, to: 2)?.token == 8)
        #expect(trie.longestMatch(in: [1, 2, 3], from: 1, to: 3) == nil)
        #expect(trie.longestMatch(in: [1, 2, 3], from: 3, to: 3) == nil)
    }

    @Test("Two equal keys are refused")
    func duplicates() {
        let keys: [(bytes: [UInt8], token: TokenID)] = [([5], 0), ([1, 2], 1), ([9], 2), ([1, 2], 3)]
        #expect(throws: ByteTrie.DuplicateKey(first: 1, second: 3)) { try ByteTrie(keys) }
    }
}
