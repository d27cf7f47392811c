import Testing
import Tokenizers

@Suite("Merging within words")
struct WordEncoderTests {
    // Tokens 0…255 are bytes. Ranks: ab, bc, a(bc), aa, (aa)(aa), (ab)(ab).
    private let rules = [
        MergeRule(left: 97, right: 98, result: 256), MergeRule(left: 98, right: 99, result: 257),
        MergeRule(left: 97, right: 257, result: 258), MergeRule(left: 97, right: 97, result: 259),
        MergeRule(left: 259, right: 259, result: 260), MergeRule(left: 256, right: 256, result: 261),
    ]

    @Test(
        "The lowest rank goes first, the leftmost among equals",
        arguments: [
            ("abc", [256, 99]), ("bcabc", [257, 256, 99]), ("aaa", [259, 97]), ("aaaaa", [260, 97]),
            ("aab", [97, 256]),
            ("abab", [261]), ("", []), ("x", [120]), ("aaaaaaa", [260, 259, 97]),
        ] as [(String, [TokenID])])
    func order(word: String, expected: [TokenID]) throws {
        #expect(try encode(Array(word.utf8)) == expected)
    }

    @Test("Words of any length give what merging one pair after the other gives", arguments: 0..<60)
    func anyLength(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        // On both sides of the length from which a heap is used.
        let count = Int.random(in: 1...200, using: &numbers)
        let word = (0..<count).map { _ in UInt8.random(in: 97...99, using: &numbers) }
        #expect(try encode(word) == mergedOneByOne(word))
    }

    private func encode(_ word: [UInt8]) throws -> [TokenID] {
        var encoder = WordEncoder(byteTokens: (0..<256).map(TokenID.init), rules: rules, ranks: try MergeRanks(rules))
        var result: [TokenID] = []
        encoder.append(word, 0..<word.count, to: &result)
        return result
    }

    private func mergedOneByOne(_ word: [UInt8]) -> [TokenID] {
        var symbols = word.map(TokenID.init)
        while true {
            var best: (rank: Int, index: Int)?
            for index in symbols.indices.dropLast() {
                let rank = rules.firstIndex { $0.left == symbols[index] && $0.right == symbols[index + 1] }
                if let rank, rank < best?.rank ?? .max { best = (rank, index) }
            }
            guard let best else { return symbols }
            symbols.replaceSubrange(best.index...(best.index + 1), with: [rules[best.rank].result])
        }
    }
}
