import Testing
import Tokenizers

@Suite("A World tokenizer from a list of tokens")
struct WorldTokenListTests {
    /// Byte b is token b + 1.
    private let bytes: [[UInt8]] = [[]] + (UInt8.min...UInt8.max).map { [$0] }

    @Test("takes the longest token that fits, and no id without bytes")
    func longest() throws {
        let tokens = bytes + [Array("ab".utf8), [], Array("abc".utf8), [], []]
        let tokenizer = try WorldTokenizer(tokens: tokens)
        #expect(tokenizer.vocabularySize == 260)
        #expect(tokenizer.encode("abcabx") == [259, 257, 121])
        #expect(tokenizer.decodeText([259, 258, 257, 0]) == "abcab")
        #expect(tokenizer.vocabulary == Array(tokens.prefix(260)))
    }

    @Test("gives id 0 no bytes, whatever the list says")
    func endOfText() throws {
        let tokenizer = try WorldTokenizer(tokens: [Array("<s>".utf8)] + Array(bytes.dropFirst()))
        #expect(tokenizer.encode("<s>") == [61, 116, 63])
        #expect(tokenizer.bytes(of: 0) == [])
    }

    @Test("needs every byte once")
    func defects() {
        #expect(throws: TokenizerError.missingByteToken(255)) { try WorldTokenizer(tokens: Array(bytes.dropLast())) }
        #expect(throws: TokenizerError.missingByteToken(0)) { try WorldTokenizer(tokens: []) }
        #expect(throws: TokenizerError.duplicateToken("A")) { try WorldTokenizer(tokens: bytes + [[65]]) }
    }
}
