import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Tokenizer files")
struct TokenizerFileTests {
    private func withFile(_ content: [UInt8], _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(content).write(to: url)
        try body(url.path)
    }

    @Test(
        "The published files are recognised by their content",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
    func published() throws {
        let world = try loadTokenizer(at: Shared.path("fixtures/tokenizers/rwkv_vocab_v20230424.txt"))
        #expect(world is WorldTokenizer)
        #expect(world.encode("Hello") == (try Vocabularies.world().encode("Hello")))
        let neox = try loadTokenizer(at: Shared.path("fixtures/tokenizers/20B_tokenizer.json"))
        #expect(neox is BytePairTokenizer)
        #expect(neox.encode("Hello") == (try Vocabularies.neox().encode("Hello")))
    }

    @Test("What is written is read again")
    func writing() throws {
        let tokenizer = try Vocabularies.smallBytePair()
        try withFile([]) { path in
            try tokenizer.write(to: path)
            #expect(try loadTokenizer(at: path).encode("the other cat") == tokenizer.encode("the other cat"))
        }
        let nowhere = "/nonexistent/folder/tokenizer.json"
        guard case .unreadableFile(nowhere, _) = tokenizerError(from: { try tokenizer.write(to: nowhere) }) else {
            Issue.record("writing into a folder that does not exist was not refused")
            return
        }
    }

    @Test("Files that are neither are refused", arguments: ["", " \n", "hello", "[1]", "\u{FEFF}{}", "\0"])
    func unrecognized(content: String) throws {
        try withFile(Array(content.utf8)) { path in
            #expect(tokenizerError { try loadTokenizer(at: path) } == .unrecognizedFormat)
        }
    }

    @Test("A wrong file gives the error of its format")
    func wrong() throws {
        try withFile(Array("{}".utf8)) { path in
            #expect(tokenizerError { try loadTokenizer(at: path) } == .missingPart("model"))
        }
        try withFile(Array("1 'a' 2".utf8)) { path in
            let defect = VocabularyLineDefect.lengthMismatch(declared: 2, found: 1)
            #expect(tokenizerError { try loadTokenizer(at: path) } == .invalidLine(line: 1, defect: defect))
        }
    }

    @Test(
        "A file that is not there, a folder and a device are refused", arguments: ["/nonexistent", "/", "/dev/zero"])
    func unreadable(path: String) {
        guard case .unreadableFile(path, _) = tokenizerError(from: { try loadTokenizer(at: path) }) else {
            Issue.record("“\(path)” was not refused")
            return
        }
    }

    @Test("A file that is too large is refused before it is read")
    func large() throws {
        try withFile([]) { path in
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            try handle.truncate(atOffset: 100 << 20)
            try handle.close()
            let expected = TokenizerError.fileTooLarge(byteCount: 100 << 20, limit: 64 << 20)
            #expect(tokenizerError { try loadTokenizer(at: path) } == expected)
        }
    }
}
