import Testing
import Tokenizers

@Suite("Streaming text")
struct StreamingDecoderTests {
    @Test("However bytes are cut, the pieces make the text of the whole", arguments: 0..<200)
    func anyCut(seed: Int) {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let bytes = numbers.bytes(count: Int.random(in: 0...60, using: &numbers))
        var decoder = StreamingDecoder()
        var text: [UInt8] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 0...5, using: &numbers))
            let piece = decoder.append(Array(bytes[start..<end]))
            text += Array(piece.utf8)
            #expect(decoder.pendingBytes.count <= 3)
            // Nothing was emitted that a later byte could still change.
            #expect(
                String(decoding: bytes[..<end].dropLast(decoder.pendingBytes.count), as: UTF8.self).utf8.elementsEqual(
                    text))
            start = end
        }
        text += Array(decoder.finish().utf8)
        #expect(text == Array(String(decoding: bytes, as: UTF8.self).utf8))
        #expect(decoder.pendingBytes == [])
    }

    @Test("All sequences of up to three bytes, fed one by one, make the text of the whole")
    func shortSequences() {
        let interesting: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF,
            0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var failures: [[UInt8]] = []
        for a in interesting {
            for b in interesting {
                for c in interesting {
                    let bytes = [a, b, c, 0x80]
                    var decoder = StreamingDecoder()
                    var text = ""
                    for byte in bytes { text += decoder.append([byte]) }
                    text += decoder.finish()
                    if !text.utf8.elementsEqual(String(decoding: bytes, as: UTF8.self).utf8) { failures.append(bytes) }
                }
            }
        }
        #expect(failures == [])
    }

    @Test("A character is shown when its last byte has arrived, and not before")
    func wholeCharacters() {
        var decoder = StreamingDecoder()
        let pieces = Array("né😀".utf8).map { decoder.append([$0]) }
        #expect(pieces == ["n", "", "é", "", "", "", "😀"])
        #expect(decoder.append([0xE4, 0xBD]) == "")
        #expect(decoder.pendingBytes == [0xE4, 0xBD])
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.append([0xE4, 0xBD]) + decoder.append([0xE4]) == "\u{FFFD}")
        #expect(decoder.finish() == "\u{FFFD}")
    }

    @Test(
        "Bytes that no later byte can save are shown at once",
        arguments: [[0xC0], [0x80], [0xE0, 0x80], [0xED, 0xA0], [0xF0, 0x8F], [0xF4, 0x90], [0xF5]] as [[UInt8]])
    func hopelessBytes(bytes: [UInt8]) {
        var decoder = StreamingDecoder()
        #expect(decoder.append(bytes) == String(repeating: "\u{FFFD}", count: bytes.count))
        #expect(decoder.pendingBytes == [])
    }

    @Test("Tokens that hold parts of characters make the text")
    func tokens() throws {
        let tokenizer = ByteTokenizer()
        var decoder = StreamingDecoder()
        var text = ""
        for token in tokenizer.encode("佐藤 😀") + [300] { text += decoder.append(token, of: tokenizer) }
        #expect(text + decoder.finish() == "佐藤 😀")
    }
}
