import Evaluation
import Foundation
import LanguageModels
import Tensors
import Testing
import Tokenizers
import TrainingData

/// Bytes as tokens, some of which have changed their ids.
private struct RenamedBytes: Tokenizer {
    private var ids = (0..<256).map(Int32.init)
    let vocabularySize = 256
    let endOfText: TokenID? = nil

    mutating func call(_ byte: UInt8, _ id: Int32) {
        guard let other = ids.firstIndex(of: id) else { return }
        ids.swapAt(Int(byte), other)
    }

    func encode(bytes: [UInt8]) -> [TokenID] { bytes.map { ids[Int($0)] } }
    func bytes(of token: TokenID) -> [UInt8]? { ids.firstIndex(of: token).map { [UInt8($0)] } }
}

@Suite("Last words")
struct LastWordTests {
    private let lines = """
        {"text": "He was in my palm"}

        {"other": 1, "text": "A word with a line\\nand a tail"}
        {"text": "two  words "}

        """

    @Test("A passage is cut at its last blank, which belongs to the word")
    func cut() throws {
        let task = try LastWordTask(jsonLines(lines))
        #expect(
            task.passages == [
                .init(context: "He was in my", word: " palm"),
                .init(context: "A word with a line\nand a", word: " tail"),
                .init(context: "two  words", word: " "),
            ])
        #expect(try LastWordTask(jsonLines(lines), limit: 1).count == 1)
    }

    @Test("Accuracy asks for all tokens of the word, perplexity is per word, as computed token by token")
    func measure() throws {
        let model = try byteModel()
        // A model that nobody trained guesses nothing sensible, so the tokens are called so that it does: what it would
        // write after a context are the tokens of a blank and of “q”.
        func guess(_ tokens: [Int32]) throws -> Int32 {
            let logits = try #require(try plainLogits(model, tokens).last)
            return Int32(try #require(logits.firstIndex(of: logits.max() ?? 0)))
        }
        var tokenizer = RenamedBytes()
        var context = ""
        for letter in "abcdefgh" {
            let first = [0, Int32(letter.asciiValue ?? 0)]
            let blank = try guess(first)
            let second = try guess(first + [blank])
            guard Set([0, first[1], blank, second]).count == 4 else { continue }
            tokenizer.call(UInt8(ascii: " "), blank)
            tokenizer.call(UInt8(ascii: "q"), second)
            context = String(letter)
            break
        }
        try #require(tokenizer.encode(context) == [Int32(context.utf8.first ?? 0)])
        let passages = ["He was in my palm", "some other text", context + " q", context + " qz"]
        let json = try passages.map { String(decoding: try JSONEncoder().encode(["text": $0]), as: UTF8.self) }
        let task = try LastWordTask(jsonLines(json.joined(separator: "\n")))
        var done: [Int] = []
        let result = try task.measure(model, tokenizer, on: Workspace(threadCount: 1)) { done.append($0) }
        #expect(done == [1, 2, 3, 4])
        let nats = try task.passages.map { passage in
            let target = tokenizer.encode(passage.word)
            return try plainNats(
                model, inputs: [0] + tokenizer.encode(passage.context) + target.dropLast(), targets: target
            ).reduce(0, +)
        }
        for (answer, expected) in zip(result.answers, nats) { #expect(isClose(answer.nats, expected)) }
        // The fourth begins as the model would and ends otherwise: one token wrong is wrong.
        #expect(result.answers.map(\.isCorrect) == [false, false, true, false])
        #expect(result.accuracy.value == 0.25)
        #expect(isClose(log(result.perplexity), nats.reduce(0, +) / 4))
    }

    @Test(
        "says which line is wrong and why",
        arguments: [
            ("{\"text\": \"a b\"}\n{\"text\": \"one\"}", 2, "no blank"), ("{\"text\": 5}", 1, "is not text"),
            ("\n{\"texts\": \"a b\"}", 2, "no “text”"), ("{\"text\": ", 1, "not JSON"), ("[1]", 1, "no JSON object"),
            ("\u{0}", 1, "not JSON"),
        ])
    func invalid(text: String, number: Int, reason: String) {
        let error = #expect(throws: TrainingDataError.self) { try LastWordTask(jsonLines(text)) }
        guard case .lineInvalid(_, number, let found)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.contains(reason), "\(found)")
    }

    @Test("A file without passages has no figures; a line has bounds")
    func bounds() throws {
        #expect(throws: EvaluationError.self) { try LastWordTask(jsonLines(" \n\n")) }
        let long = String(repeating: "x", count: 101)
        #expect(throws: TrainingDataError.lineTooLong(path: "a.jsonl", line: 1, limit: 100)) {
            try LastWordTask(jsonLines(long, lineLimit: 100))
        }
    }
}
