import Foundation
import TestSupport
import Testing
import Tokenizers

/// Files that are too large for the repository.
enum Shared {
    static func path(_ relative: String) -> String { "\(sharedFolder)/\(relative)" }

    static func bytes(_ relative: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: path(relative))))
    }
}

/// The vocabularies in the shared folder, loaded once for all tests.
enum Vocabularies {
    private static let worldResult = Result {
        try WorldTokenizer(vocabulary: Shared.bytes("fixtures/tokenizers/rwkv_vocab_v20230424.txt"))
    }
    private static let neoxResult = Result {
        try BytePairTokenizer(tokenizerJSON: Shared.bytes("fixtures/tokenizers/20B_tokenizer.json"))
    }

    static func world() throws -> WorldTokenizer { try worldResult.get() }
    static func neox() throws -> BytePairTokenizer { try neoxResult.get() }

    /// A World vocabulary of all single bytes and a few words, as the text of its file.
    static func smallWorldText(lineEnd: String = "\n") -> String {
        var lines = (0..<256).map { byte in
            let digits = String(byte, radix: 16)
            return "\(byte + 1) b'\\x\(digits.count == 1 ? "0" : "")\(digits)' 1"
        }
        lines += [
            "257 'th' 2", "258 'the' 3", "259 ' the' 4", "260 \"it's\" 4", "261 '\\u2028' 3", "262 'é' 2",
            "300 b'\\xe4\\xbd' 2", "301 'a  b' 4",
        ]
        return lines.map { $0 + lineEnd }.joined()
    }

    /// A small byte-level BPE that returns all text unchanged.
    static func smallBytePair() throws -> BytePairTokenizer {
        let text = "the cat and the other cat sat on that mat; it's 2024, isn't it? Ein Käse, 猫猫猫 the the cat"
        return try BytePairTrainer(.init(vocabularySize: 300)).train(on: [text])
    }
}

/// Numbers that are the same in every run (Steele, Lea and Flood, “SplitMix”, 2014).
struct RepeatableNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// Bytes of which about half are pieces of UTF-8, so that both sound and broken sequences are common.
    mutating func bytes(count: Int) -> [UInt8] {
        let pieces: [[UInt8]] = [
            [0xE4, 0xBD, 0xA0], [0xF0, 0x9F, 0x98, 0x80], [0xC3, 0xA9], [0xE4, 0xBD], [0xF0, 0x9F], [0xED, 0xA0],
            [0xF4, 0x90], [0xC0], [0xE0, 0x80], [0x20], [0x20, 0x74, 0x68, 0x65], [0x27, 0x73], [0x0A], [0x80],
        ]
        var result: [UInt8] = []
        while result.count < count {
            if Bool.random(using: &self) {
                result.append(UInt8.random(in: 0...255, using: &self))
            } else {
                result += pieces[Int.random(in: 0..<pieces.count, using: &self)]
            }
        }
        return Array(result.prefix(count))
    }

    /// Words, blanks and characters of many scripts, all well-formed and in normalisation form C.
    mutating func text(pieces count: Int) -> String {
        let pieces = [
            " ", "  ", "\n", "\t ", "the", " the", "'s", "'ll", " don't", "2024", " 3", "é", "你好", " 世界", "😀", "!?",
            " (",
            "\u{A0}", "\u{2028}", "٣", "ß", "<|endoftext|>", "<|end", "한국어", "aaaaaaaa", "\u{E000}",
        ]
        return (0..<count).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &self)] }.joined()
    }
}

/// Bytes written in hexadecimal.
func bytes(hexadecimal text: String) -> [UInt8] {
    let digits = text.utf8.compactMap(hexadecimalDigit)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}

/// The error that an expression of this module throws; a test fails if it throws none.
func tokenizerError<T>(
    from body: () throws -> T, sourceLocation: SourceLocation = #_sourceLocation
) -> TokenizerError? {
    do {
        _ = try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
        return nil
    } catch {
        return error as? TokenizerError
    }
}
