import Testing
import Tokenizers

/// Files with a few bytes changed, cut out, doubled or put in: reading them gives a tokenizer that works or an error.
@Suite("Hostile files")
struct HostileFileTests {
    @Test("A damaged World vocabulary never traps, and what can be read is exact", arguments: 0..<40)
    func world(seed: Int) {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let file = Array(Vocabularies.smallWorldText().utf8)
        var errors = 0
        for _ in 0..<60 {
            do {
                let tokenizer = try WorldTokenizer(vocabulary: damaged(file, &numbers))
                let bytes = numbers.bytes(count: 50)
                #expect(tokenizer.decode(tokenizer.encode(bytes: bytes)) == bytes)
            } catch {
                errors += 1
            }
        }
        #expect(errors > 20)
    }

    @Test("A damaged tokenizer.json never traps, and what can be read encodes and decodes", arguments: 0..<40)
    func tokenizerJSON(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let file = try Vocabularies.smallBytePair().tokenizerJSON
        var errors = 0
        for _ in 0..<60 {
            do {
                let tokenizer = try BytePairTokenizer(tokenizerJSON: damaged(file, &numbers))
                let bytes = numbers.bytes(count: 50)
                let decoded = tokenizer.decode(tokenizer.encode(bytes: bytes))
                // A damaged name may leave a byte that no text holds without a token, or ask for a blank in front.
                let isExact = !tokenizer.model.byteTokens.contains(-1) && !tokenizer.model.addsPrefixSpace
                if isExact { #expect(decoded == bytes) }
                #expect(!tokenizer.tokenizerJSON.isEmpty)
            } catch {
                errors += 1
            }
        }
        #expect(errors > 20)
    }

    @Test("A file cut anywhere is refused")
    func cuts() throws {
        let file = try Vocabularies.smallBytePair().tokenizerJSON
        let end = (file.lastIndex(of: UInt8(ascii: "}")) ?? 0)
        for count in 0..<end {
            let isRefused = (try? BytePairTokenizer(tokenizerJSON: Array(file[..<count]))) == nil
            if !isRefused { Issue.record("the first \(count) bytes were read as a whole") }
        }
        #expect(end > 4000)
    }

    @Test("Any bytes at all are refused", arguments: 0..<20)
    func noise(seed: Int) {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let prefixes: [String] = ["", "{", "{\"model\":{\"vocab\":{", "1 '", "1 b'", "{\"added_tokens\":[{"]
        for prefix in prefixes {
            let bytes = Array(prefix.utf8) + numbers.bytes(count: 300)
            #expect(throws: TokenizerError.self) { try WorldTokenizer(vocabulary: bytes) }
            #expect(throws: TokenizerError.self) { try BytePairTokenizer(tokenizerJSON: bytes) }
        }
    }

    private func damaged(_ file: [UInt8], _ numbers: inout RepeatableNumbers) -> [UInt8] {
        var file = file
        for _ in 0..<Int.random(in: 1...2, using: &numbers) {
            let place = Int.random(in: 0..<file.count, using: &numbers)
            let end = min(file.count, place + Int.random(in: 1...12, using: &numbers))
            switch Int.random(in: 0..<5, using: &numbers) {
            case 0: file[place] = UInt8.random(in: 0...255, using: &numbers)
            case 1: file[place] = UInt8.random(in: 0x20...0x7E, using: &numbers)
            case 2: file.removeSubrange(place..<end)
            case 3: file.insert(contentsOf: file[place..<end], at: place)
            default: file.insert(contentsOf: Array("9999999999".utf8).prefix(end - place), at: place)
            }
        }
        return file
    }
}
