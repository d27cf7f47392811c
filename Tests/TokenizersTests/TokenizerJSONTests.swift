import TestSupport
import Testing
import Tokenizers

@Suite("Reading and writing tokenizer.json")
struct TokenizerJSONTests {
    /// A file of the smallest kind: the bytes, “th”, “the”, one special token.
    private func text(replacing old: String = "", with new: String = "") throws -> String {
        let trained = try BytePairTrainer(.init(vocabularySize: 259)).train(on: ["the the the the"])
        let text = String(decoding: trained.tokenizerJSON, as: UTF8.self)
        if old.isEmpty { return text }
        try #require(text.contains(old), "the replacement must replace something")
        return text.replacing(old, with: new, maxReplacements: 1)
    }

    private func read(_ text: String) throws -> BytePairTokenizer {
        try BytePairTokenizer(tokenizerJSON: Array(text.utf8))
    }

    @Test("Merges are read as texts and as pairs")
    func mergeForms() throws {
        let asTexts = try text()
        #expect(asTexts.contains("\"h e\",\n      \"t he\""))
        let asPairs = try text(replacing: "\"h e\",\n      \"t he\"", with: #"["h", "e"], ["t", "he"]"#)
        #expect(try read(asPairs).encode("the he") == read(asTexts).encode("the he"))
        #expect(try read(asPairs).encode("the he") == [258, 33, 257])
    }

    @Test(
        "Whatever is not supported is refused by name",
        arguments: [
            (#""normalizer": null"#, #""normalizer": {"type": "NFKC"}"#, "normalizer"),
            (#""normalizer": null"#, #""normalizer": {"type": "Sequence", "normalizers": []}"#, "normalizer"),
            (#""pre_tokenizer": {"type": "ByteLevel""#, #""pre_tokenizer": {"type": "Whitespace""#, "pre_tokenizer"),
            (#""use_regex": true"#, #""use_regex": false"#, "pre_tokenizer.use_regex"),
            (#""decoder": {"type": "ByteLevel""#, #""decoder": {"type": "Metaspace""#, "decoder"),
            (#""post_processor": null"#, #""post_processor": {"type": "TemplateProcessing"}"#, "post_processor"),
            (#""truncation": null"#, #""truncation": {"max_length": 3}"#, "truncation"),
            (#""padding": null"#, #""padding": {}"#, "padding"),
            (#""type": "BPE""#, #""type": "Unigram""#, "model.type"),
            (#""type": "BPE""#, #""type": "WordLevel", "merges": 1"#, "model.type"),
            (#""dropout": null"#, #""dropout": 0.1"#, "model.dropout"),
            (#"_prefix": null"#, #"_prefix": "@@""#, "model.continuing_subword_prefix"),
            (#"_suffix": null"#, #"_suffix": "</w>""#, "model.end_of_word_suffix"),
            (#""byte_fallback": false"#, #""byte_fallback": true"#, "model.byte_fallback"),
            (#""ignore_merges": false"#, #""ignore_merges": true"#, "model.ignore_merges"),
            (#""lstrip": false"#, #""lstrip": true"#, "added_tokens[0].lstrip"),
            (#""rstrip": false"#, #""rstrip": true"#, "added_tokens[0].rstrip"),
            (#""single_word": false"#, #""single_word": true"#, "added_tokens[0].single_word"),
        ])
    func unsupported(old: String, new: String, part: String) throws {
        let changed = try text(replacing: old, with: new)
        guard case .unsupported(part, _, _) = tokenizerError(from: { try read(changed) }) else {
            Issue.record("“\(part)” was not refused as such")
            return
        }
    }

    @Test(
        "A missing pre-tokeniser or decoder, which null means too, is refused", arguments: ["pre_tokenizer", "decoder"])
    func noByteLevel(part: String) throws {
        let null = try text(replacing: "\"\(part)\": {", with: "\"\(part)\": null, \"x\": {")
        #expect(tokenizerError { try read(null) } == .missingPart(part))
        let missing = try text(replacing: "\"\(part)\"", with: "\"other\"")
        #expect(tokenizerError { try read(missing) } == .missingPart(part))
    }

    @Test(
        "Whatever contradicts itself is refused",
        arguments: [
            (#""model": {"#, #""module": {"#, .missingPart("model")),
            (#""vocab": {"#, #""vocabulary": {"#, .missingPart("model.vocab")),
            (#""merges": ["#, #""merge": ["#, .missingPart("model.merges")),
            (#""content": "<"#, #""text": "<"#, .missingPart("added_tokens[0].content")),
            (#""id": 0"#, #""no": 0"#, .missingPart("added_tokens[0].id")),
            (#""id": 0"#, #""id": "0""#, .wrongKind(part: "added_tokens[0].id", expected: "an integer")),
            (
                #""content": "<"#, #""content": 3, "x": "<"#,
                .wrongKind(part: "added_tokens[0].content", expected: "a string")
            ),
            (
                #""special": true"#, #""special": 1"#,
                .wrongKind(part: "added_tokens[0].special", expected: "true or false")
            ),
            (
                #""added_tokens": ["#, #""added_tokens": [null,"#,
                .missingPart("added_tokens[0]")
            ),
            (#""normalizer": null"#, #""normalizer": 5"#, .wrongKind(part: "normalizer", expected: "an object")),
            (#""normalizer": null"#, #""normalizer": {}"#, .missingPart("normalizer.type")),
            (
                #""ignore_merges": false"#, #""ignore_merges": [1]"#,
                .wrongKind(part: "model.ignore_merges", expected: "true or false")
            ),
            (#""dropout": null"#, #""dropout": "0""#, .wrongKind(part: "model.dropout", expected: "a number")),
            (#""merges": ["#, #""merges": 1, "x": ["#, .wrongKind(part: "model.merges", expected: "an array")),
            (#""the": 258"#, #""the": "258""#, .wrongKind(part: "model.vocab.the", expected: "an integer")),
            (#""the": 258"#, #""the": -1"#, .tokenIDOutOfRange(token: "the", id: -1, limit: 1 << 20)),
            (#""the": 258"#, #""the": 1048576"#, .tokenIDOutOfRange(token: "the", id: 1 << 20, limit: 1 << 20)),
            (#""the": 258"#, #""the": 257"#, .duplicateTokenID(id: 257, first: "he", second: "the")),
            (#""the": 258"#, #""the": 258, "": 259"#, .emptyToken(id: 259)),
            (#""id": 0"#, #""id": 7"#, .duplicateToken("<|endoftext|>")),
            (#""content": "<|endoftext|>""#, #""content": """#, .emptyToken(id: 0)),
            (
                #""content": "<|endoftext|>""#, #""content": "<s>""#,
                .duplicateTokenID(id: 0, first: "<s>", second: "<|endoftext|>")
            ),
            (#""h e""#, #""h q e""#, .malformedMerge(rank: 0)), (#""h e""#, "3", .malformedMerge(rank: 0)),
            (#""h e","#, #"["h"], ["t", "he"]], "x": ["#, .malformedMerge(rank: 0)),
            (#""h e""#, #"["h", "e"]"#, .malformedMerge(rank: 1)),
            (#""h e""#, #""he""#, .malformedMerge(rank: 0)),
            (#""h e""#, #""x e""#, .mergeOfUnknownToken(rank: 0, token: "xe")),
            (#""t he""#, #""t <s>""#, .mergeOfUnknownToken(rank: 1, token: "<s>")),
            (#""t he""#, #""h e""#, .duplicateMerge(rank: 1)), (#""Ġ": "#, #""ĠĠ": "#, .missingByteToken(0x20)),
        ] as [(String, String, TokenizerError)])
    func contradictions(old: String, new: String, expected: TokenizerError) throws {
        let changed = try text(replacing: old, with: new)
        #expect(tokenizerError { try read(changed) } == expected)
        #expect(!expected.description.isEmpty)
    }

    @Test(
        "Whatever is not JSON is refused",
        arguments: [
            "", "{", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":", "{\"a\":nul}", "{\"a\":\"b", "{\"a\":\"\\", "{} x",
            "{\"model\":" + String(repeating: "[", count: 1000),
            "{\"model\":" + String(repeating: "{\"a\":", count: 200_000),
        ])
    func malformed(text: String) {
        expectInvalidJSON(Array(text.utf8))
    }

    @Test(
        "Texts and numbers that JSON does not know, or that their places do not allow, are refused",
        arguments: [
            (#""content": "<"#, "\"content\": \"\n<"), (#""content": "<"#, #""content": "\q"#),
            (#""content": "<"#, #""content": "\u12"#),
            (#""content": "<"#, #""content": "\ud800"#), (#""content": "<"#, #""content": "\ud800\u0041"#),
            (#""id": 0"#, #""id": 0.5"#), (#""id": 0"#, #""id": 01"#), (#""id": 0"#, #""id": 1."#),
            (#""id": 0"#, #""id": 9223372036854775808"#), (#""the": 258"#, #""the": 258.5"#),
            (#""dropout": null"#, #""dropout": -"#),
        ])
    func malformedValues(old: String, new: String) throws {
        expectInvalidJSON(Array(try text(replacing: old, with: new).utf8))
    }

    @Test("JSON that is not UTF-8 is refused")
    func notUTF8() throws {
        let file = try text(replacing: "<|endoftext|>", with: "\u{1}").utf8
        expectInvalidJSON(file.map { $0 == 1 ? 0xC3 : $0 })
    }

    /// The reason is Foundation's and is not compared.
    private func expectInvalidJSON(_ file: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) {
        let error = tokenizerError(from: { try BytePairTokenizer(tokenizerJSON: file) }, sourceLocation: sourceLocation)
        guard case .invalidJSON(let reason) = error, !reason.isEmpty else {
            Issue.record("it is not refused as no JSON", sourceLocation: sourceLocation)
            return
        }
    }

    @Test("Escapes mean what they mean in JSON, and no text is normalised")
    func escapes() throws {
        let escaped = try text(
            replacing: "<|endoftext|>", with: #"\"\\\/\b\f\n\r\t\u00e9\u4F50\ud83d\ude00e\u0301\u0065\u0000"#
        )
        .replacing("<|endoftext|>", with: #"\"\\\/\b\f\n\r\t\u00e9\u4F50\ud83d\ude00e\u0301\u0065\u0000"#)
        #expect(try read(escaped).bytes(of: 0) == Array("\"\\/\u{8}\u{C}\n\r\té佐😀e\u{301}e\0".utf8))
    }

    @Test("Added tokens are found leftmost and longest first, before or after normalisation")
    func addedTokens() throws {
        let more = """
            "added_tokens": [
            {"id": 300, "content": "<s>", "normalized": false, "special": true},
            {"id": 301, "content": "<s><s>", "normalized": false, "special": false},
            {"id": 302, "content": "cafe\\u0301", "normalized": true, "special": false},
            {"id": 303, "content": "af", "normalized": true},
            """
        let composing = try text(replacing: #""added_tokens": ["#, with: more)
            .replacing(#""normalizer": null"#, with: #""normalizer": {"type": "NFC"}"#)
        let tokenizer = try read(composing)
        #expect(tokenizer.encode("<s><s><s>") == [301, 300])
        #expect(tokenizer.encode("caf\u{E9}") == [302])
        #expect(tokenizer.encode("cafe\u{301}<s>cafs") == [302, 300, 100, 303, 116])
        #expect(tokenizer.vocabularySize == 304)
        #expect(tokenizer.specialTokens == ["<s>": 300, "<|endoftext|>": 0])
        #expect(tokenizer.decode([301, 303]) == Array("<s><s>af".utf8))
    }

    @Test("A blank is put before text that does not begin with one, if the file says so")
    func prefixSpace() throws {
        let prefixing = try read(text().replacing(#""add_prefix_space": false"#, with: #""add_prefix_space": true"#))
        let plain = try read(text())
        #expect(prefixing.encode("the") == plain.encode(" the"))
        #expect(prefixing.encode(" the") == plain.encode(" the"))
        #expect(prefixing.encode("\nx<|endoftext|>x") == plain.encode(" \nx<|endoftext|> x"))
        #expect(prefixing.encode("") == [])
    }

    @Test(
        "NeoX is written and read again without a change",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
    func rewriting() throws {
        let neox = try Vocabularies.neox()
        let again = try BytePairTokenizer(tokenizerJSON: neox.tokenizerJSON)
        #expect(again.tokenizerJSON == neox.tokenizerJSON)
        #expect(again.vocabularySize == neox.vocabularySize)
        #expect(again.model.addedTokens == neox.model.addedTokens)
        #expect(again.model.rules == neox.model.rules)
        var numbers = RepeatableNumbers(seed: 3)
        for _ in 0..<200 {
            let text = numbers.text(pieces: 40)
            #expect(again.encode(text) == neox.encode(text))
        }
        #expect((0..<50277).allSatisfy { again.bytes(of: $0) == neox.bytes(of: $0) })
    }
}
