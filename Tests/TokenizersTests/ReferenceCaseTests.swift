import Foundation
import TestSupport
import Testing
import Tokenizers

/// `fixtures/tokenizers/cases.json`: tokens from the reference programs (the `rwkv` package's World tokenizer and
/// Hugging Face's `tokenizers` 0.23.3 with the NeoX file).
private struct ReferenceCases: Decodable {
    struct Text: Decodable {
        let text: String
        /// Missing for one long text.
        let utf8_hex: String?
        let world: [TokenID]
        let neox: [TokenID]
        let neox_decoded: String?
    }
    struct RawBytes: Decodable {
        let bytes_hex: String
        let world: [TokenID]
    }
    struct Decoded: Decodable {
        let ids: [TokenID]
        let bytes_hex: String
        let pip_decode: String
    }
    let strings: [Text]
    let raw_bytes: [RawBytes]
    let world_decode: [Decoded]
    let vocab_size_world: Int
    let world_id_max: TokenID
    let neox_vocab_size: Int

    static func load() throws -> ReferenceCases {
        let bytes = try Shared.bytes("fixtures/tokenizers/cases.json")
        return try JSONDecoder().decode(ReferenceCases.self, from: Data(bytes))
    }
}

@Suite("The reference tokenizers give the same tokens", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct ReferenceCaseTests {
    @Test("Every text gives the World tokens of the reference, and comes back")
    func worldTexts() throws {
        let cases = try ReferenceCases.load()
        let world = try Vocabularies.world()
        #expect(cases.strings.count == 211)
        for text in cases.strings {
            let utf8 = text.utf8_hex.map(bytes(hexadecimal:)) ?? Array(text.text.utf8)
            #expect(Array(text.text.utf8) == utf8)
            #expect(world.encode(text.text) == text.world, "“\(text.text)”")
            #expect(world.decode(text.world) == utf8)
        }
    }

    @Test("Every text gives the NeoX tokens of the reference, and comes back normalised")
    func neoxTexts() throws {
        let cases = try ReferenceCases.load()
        let neox = try Vocabularies.neox()
        #expect(cases.strings.filter { $0.neox_decoded != nil }.count == 3)
        for text in cases.strings {
            let utf8 = text.utf8_hex.map(bytes(hexadecimal:)) ?? Array(text.text.utf8)
            #expect(neox.encode(bytes: utf8) == text.neox, "“\(text.text)”")
            #expect(neox.decode(text.neox) == text.neox_decoded.map { Array($0.utf8) } ?? utf8)
        }
    }

    @Test("Bytes that are not UTF-8 give the World tokens of the reference")
    func worldBytes() throws {
        let cases = try ReferenceCases.load()
        let world = try Vocabularies.world()
        #expect(cases.raw_bytes.count == 86)
        for raw in cases.raw_bytes {
            #expect(world.encode(bytes: bytes(hexadecimal: raw.bytes_hex)) == raw.world)
            #expect(world.decode(raw.world) == bytes(hexadecimal: raw.bytes_hex))
        }
    }

    @Test("World tokens give the bytes, and the text, of the reference")
    func worldDecoding() throws {
        let cases = try ReferenceCases.load()
        let world = try Vocabularies.world()
        var texts = 0
        #expect(cases.world_decode.count == 30)
        for decoded in cases.world_decode {
            #expect(world.decode(decoded.ids) == bytes(hexadecimal: decoded.bytes_hex))
            // The reference gives a lone U+FFFD for bytes of which any are not UTF-8.
            let isText = decoded.pip_decode != "\u{FFFD}"
            if isText { texts += 1 }
            #expect(
                isText
                    ? world.decodeText(decoded.ids) == decoded.pip_decode
                    : world.decodeText(decoded.ids).contains("\u{FFFD}"))
        }
        #expect(texts == 28)
    }

    @Test("The vocabularies have the sizes and ends of text of the reference")
    func sizes() throws {
        let cases = try ReferenceCases.load()
        let world = try Vocabularies.world()
        let neox = try Vocabularies.neox()
        #expect(world.vocabularySize == Int(cases.world_id_max) + 1)
        let worldTokens = (1..<TokenID(world.vocabularySize)).filter { world.bytes(of: $0) != nil }
        #expect(worldTokens.count == cases.vocab_size_world)
        #expect(world.endOfText == 0)
        #expect(world.bytes(of: 0) == [])
        #expect(world.bytes(of: cases.world_id_max + 1) == nil)
        #expect(world.bytes(of: -1) == nil)
        #expect(neox.vocabularySize == cases.neox_vocab_size)
        #expect(neox.endOfText == 0)
        #expect(neox.specialTokens == ["<|endoftext|>": 0, "<|padding|>": 1])
        #expect(neox.bytes(of: 50276) == Array("  ".utf8))
    }
}
