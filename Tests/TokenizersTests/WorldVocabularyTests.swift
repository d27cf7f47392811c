import Testing
import Tokenizers

@Suite("Reading World vocabularies")
struct WorldVocabularyTests {
    @Test("Lines may end in LF or CRLF, the last one in neither", arguments: ["\n", "\r\n"])
    func lineEnds(lineEnd: String) throws {
        var file = Array(Vocabularies.smallWorldText(lineEnd: lineEnd).utf8)
        let tokenizer = try WorldTokenizer(vocabulary: file)
        #expect(tokenizer.vocabularySize == 302)
        // By hand: longest match of " the", "é", U+2028, "it's", "a  b", the first two bytes of 佐, "th", "e" + 1.
        let tokens = tokenizer.encode(" the\u{E9}\u{2028}it'sa  b\u{4F50}thx")
        #expect(tokens == [259, 262, 261, 260, 301, 300, 0x90 + 1, 257, 120 + 1])
        #expect(tokenizer.bytes(of: 299) == nil)
        file.removeLast(lineEnd.utf8.count)
        #expect(try WorldTokenizer(vocabulary: file).encode("the") == [258])
    }

    @Test(
        "Each defect of a line is reported with its number",
        arguments: [
            ("", .missingField), ("302", .missingField), ("302 'x'", .missingField),
            ("'xy' 2 302", .invalidTokenID("'xy'")),
            (" 'xy' 2", .invalidTokenID("")), ("-1 'xy' 2", .invalidTokenID("-1")),
            ("99999999999999999999 'xy' 2", .invalidTokenID("99999999999999999999")),
            ("0 'xy' 2", .tokenIDOutOfRange(id: 0, limit: 1 << 20)),
            ("1048576 'xy' 2", .tokenIDOutOfRange(id: 1_048_576, limit: 1 << 20)),
            ("258 'xy' 2", .duplicateTokenID(258)),
            ("302 'the' 3", .duplicateToken(firstLine: 258)),
            ("302 '' 0", .emptyToken), ("302 'xy' 3", .lengthMismatch(declared: 3, found: 2)),
            ("302 'é' 1", .lengthMismatch(declared: 1, found: 2)), ("302 'xy' two", .invalidLength("two")),
            ("302 'xy' ", .invalidLength("")), ("302 'xy' 99999999999", .invalidLength("99999999999")),
            ("302 xy 2", .invalidLiteral(reason: "it does not begin with a quotation mark")),
            ("302 b 2", .invalidLiteral(reason: "it does not begin with a quotation mark")),
            ("302 'xy 2", .invalidLiteral(reason: "it does not end with the quotation mark that begins it")),
            ("302 'xy\" 2", .invalidLiteral(reason: "it does not end with the quotation mark that begins it")),
            ("302 ' 1", .invalidLiteral(reason: "it does not end with the quotation mark that begins it")),
            ("302 'x'y' 3", .invalidLiteral(reason: "a quotation mark inside it is not escaped")),
            ("302 'xy\\' 2", .invalidLiteral(reason: "its last quotation mark is escaped")),
            ("302 b'é' 2", .invalidLiteral(reason: "a bytes literal holds a character beyond ASCII")),
            ("302 'x\\q' 2", .invalidLiteral(reason: "the escape \\q is unknown")),
            ("302 b'\\u0041' 1", .invalidLiteral(reason: "the escape \\u is unknown")),
            ("302 '\\x4' 1", .invalidLiteral(reason: "an escape has too few digits")),
            ("302 '\\x4g' 1", .invalidLiteral(reason: "an escape has a digit that is not hexadecimal")),
            ("302 '\\ud800' 3", .invalidLiteral(reason: "an escape is not a Unicode scalar value")),
            ("302 '\\U00110000' 4", .invalidLiteral(reason: "an escape is not a Unicode scalar value")),
        ] as [(String, VocabularyLineDefect)])
    func defects(line: String, defect: VocabularyLineDefect) {
        let file = Array((Vocabularies.smallWorldText() + line + "\n303 'never' 5\n").utf8)
        #expect(tokenizerError { try WorldTokenizer(vocabulary: file) } == .invalidLine(line: 265, defect: defect))
        #expect("\(TokenizerError.invalidLine(line: 265, defect: defect))".hasPrefix("line 265 of the vocabulary: "))
    }

    @Test("A literal that is not UTF-8 is refused")
    func illFormedLiteral() {
        let file = Array(Vocabularies.smallWorldText().utf8) + Array("302 '".utf8) + [0xC3] + Array("' 1".utf8)
        let defect = VocabularyLineDefect.invalidLiteral(reason: "it is not UTF-8")
        #expect(tokenizerError { try WorldTokenizer(vocabulary: file) } == .invalidLine(line: 265, defect: defect))
    }

    @Test("Escapes mean what they mean in Python")
    func escapes() throws {
        let lines = [
            #"302 '\\\'\"x' 4"#, #"303 '\r\n\t\t' 4"#, #"304 '\xe9\u4f50\U0001f600' 9"#, #"305 b'\xe9\'"q' 4"#,
            #"306 "'" 1"#,
        ]
        // "'" is in the vocabulary already; the last line is there to be refused, and so to have been read.
        let file = Array((Vocabularies.smallWorldText() + lines.dropLast().joined(separator: "\n")).utf8)
        let tokenizer = try WorldTokenizer(vocabulary: file)
        #expect(tokenizer.bytes(of: 302) == Array(#"\'"x"#.utf8))
        #expect(tokenizer.bytes(of: 303) == [13, 10, 9, 9])
        #expect(tokenizer.bytes(of: 304) == Array("é佐😀".utf8))
        #expect(tokenizer.bytes(of: 305) == [0xE9, 0x27, 0x22, 0x71])
        let all = Array((Vocabularies.smallWorldText() + lines.joined(separator: "\n")).utf8)
        let defect = VocabularyLineDefect.duplicateToken(firstLine: 0x27 + 1)
        #expect(tokenizerError { try WorldTokenizer(vocabulary: all) } == .invalidLine(line: 269, defect: defect))
    }

    @Test("Every single byte must have a token", arguments: [0, 97, 255])
    func missingByte(byte: Int) {
        let lines = Vocabularies.smallWorldText().split(separator: "\n")
        let file = Array((lines[..<byte] + lines[(byte + 1)...]).joined(separator: "\n").utf8)
        #expect(tokenizerError { try WorldTokenizer(vocabulary: file) } == .missingByteToken(UInt8(byte)))
    }

    @Test("A file without lines, and one that is too large, are refused")
    func sizes() {
        #expect(tokenizerError { try WorldTokenizer(vocabulary: []) } == .missingByteToken(0))
        let large = [UInt8](repeating: 0x20, count: (64 << 20) + 1)
        let expected = TokenizerError.fileTooLarge(byteCount: large.count, limit: 64 << 20)
        #expect(tokenizerError { try WorldTokenizer(vocabulary: large) } == expected)
        #expect(tokenizerError { try BytePairTokenizer(tokenizerJSON: large) } == expected)
    }
}
