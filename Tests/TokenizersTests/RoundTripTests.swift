import TestSupport
import Testing
import Tokenizers

@Suite("Decoding gives back what was encoded", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct RoundTripTests {
    @Test("Any bytes come back from the World, the byte and a trained vocabulary", arguments: 0..<20)
    func anyBytes(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let tokenizers: [any Tokenizer] = [try Vocabularies.world(), ByteTokenizer(), try Vocabularies.smallBytePair()]
        for tokenizer in tokenizers {
            for count in [0, 1, 2, 3, 17, 100, 1000] {
                let bytes = numbers.bytes(count: count)
                let tokens = tokenizer.encode(bytes: bytes)
                #expect(tokenizer.decode(tokens) == bytes, "\(type(of: tokenizer))")
                #expect(tokens.flatMap { tokenizer.bytes(of: $0) ?? [] } == bytes)
                #expect(tokens.allSatisfy { (0..<tokenizer.vocabularySize).contains(Int($0)) })
            }
        }
    }

    @Test("Text in form C comes back from every vocabulary", arguments: 0..<20)
    func anyText(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let tokenizers: [any Tokenizer] = [
            try Vocabularies.world(), try Vocabularies.neox(), try Vocabularies.smallBytePair(), ByteTokenizer(),
        ]
        for tokenizer in tokenizers {
            let text = numbers.text(pieces: 60)
            #expect(tokenizer.decodeText(tokenizer.encode(text)) == text, "\(type(of: tokenizer))")
        }
    }

    @Test("NeoX keeps bytes that can occur in UTF-8 and replaces the thirteen that cannot")
    func bytesOfNeoX() throws {
        let neox = try Vocabularies.neox()
        for byte in UInt8.min...UInt8.max {
            let neverInText = byte == 0xC0 || byte == 0xC1 || byte >= 0xF5
            #expect(
                neox.decode(neox.encode(bytes: [byte, 0x61])) == (neverInText ? [0xEF, 0xBF, 0xBD] : [byte]) + [0x61])
        }
    }

    @Test("Ids without a token add nothing")
    func unknownIdentifiers() throws {
        let unknown: [TokenID] = [-1, .min, .max, 70_000]
        #expect(try Vocabularies.world().decode(unknown) == [])
        #expect(try Vocabularies.neox().decode(unknown) == [])
        #expect(ByteTokenizer().decode(unknown + [256, 97]) == [97])
        #expect(ByteTokenizer().bytes(of: 256) == nil)
    }

    @Test("In the byte vocabulary ids are bytes, and 0 ends the text")
    func byteVocabulary() {
        let tokenizer = ByteTokenizer()
        #expect(tokenizer.encode("aé\0") == [97, 0xC3, 0xA9, 0])
        #expect(tokenizer.vocabularySize == 256)
        #expect(tokenizer.endOfText == 0)
        #expect(tokenizer.bytes(of: 255) == [255])
    }

    @Test("A megabyte without a blank is encoded exactly")
    func longWord() throws {
        let neox = try Vocabularies.neox()
        var numbers = RepeatableNumbers(seed: 5)
        let letters = (0..<1_000_000).map { _ in UInt8.random(in: 97...122, using: &numbers) }
        #expect(neox.decode(neox.encode(bytes: letters)) == letters)
        let same = [UInt8](repeating: 97, count: 1_000_000)
        #expect(neox.decode(neox.encode(bytes: same)) == same)
    }
}
