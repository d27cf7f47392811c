import Foundation
import LanguageModels
import Tensors
import Testing
import Tokenizers

@testable import Evaluation

@Suite("Last words")
struct LastWordTests {
    private let lines = """
        {"text": "He was in my palm"}

        {"other": 1, "text": "A word with a line\\nand a tail"}
        {"text": "two  words "}

        """

    @Test("A passage is cut at its last blank, which belongs to the word")
    func cut() throws {
        let task = try withBytes(lines) { try LastWordTask(jsonLines: $0) }
        #expect(
            task.passages == [
                .init(context: "He was in my", word: " palm"),
                .init(context: "A word with a line\nand a", word: " tail"),
                .init(context: "two  words", word: " "),
            ])
        #expect(try withBytes(lines) { try LastWordTask(jsonLines: $0, limit: 1).count } == 1)
    }

    @Test("Accuracy asks for all tokens of the word, perplexity is per word, as computed token by token")
    func measure() throws {
        let model = try byteModel()
        let tokenizer = ByteTokenizer()
        // A model that nobody trained guesses nothing, so one passage ends with what it would have written.
        func guess(_ context: String, _ count: Int) throws -> String {
            var tokens = [0] + tokenizer.encode(context)
            for _ in 0..<count {
                let logits = try #require(try plainLogits(model, tokens).last)
                tokens.append(Int32(try #require(logits.firstIndex(of: logits.max() ?? 0))))
            }
            return tokenizer.decodeText(tokens.suffix(count))
        }
        var passages = ["He was in my palm", "some other text"]
        for start in 0..<4000 where passages.count < 3 {
            // The guess must begin with a blank and go on in letters.
            let context = "start \(start)"
            let logits = try #require(try plainLogits(model, [0] + tokenizer.encode(context)).last)
            guard logits.firstIndex(of: logits.max() ?? 0) == 32 else { continue }
            let word = try guess(context, 2)
            if word.utf8.count == 2, word.utf8.allSatisfy({ $0 < 128 }), word.last?.isLetter == true {
                passages += [context + word, context + word + "z"]
            }
        }
        #expect(passages.count == 4)
        let json = try passages.map { String(decoding: try JSONEncoder().encode(["text": $0]), as: UTF8.self) }
        let task = try withBytes(json.joined(separator: "\n")) { try LastWordTask(jsonLines: $0) }
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
            ("{\"text\": \"a b\"}\n{\"text\": \"one\"}", 2, "no blank"), ("{\"text\": 5}", 1, "not a text"),
            ("\n{\"texts\": \"a b\"}", 2, "no “text”"), ("{\"text\": ", 1, "not JSON"), ("[1]", 1, "no JSON object"),
            ("\u{0}", 1, "not JSON"),
        ])
    func invalid(text: String, number: Int, reason: String) {
        let error = #expect(throws: EvaluationError.self) { try withBytes(text) { try LastWordTask(jsonLines: $0) } }
        guard case .invalidLine(number, let found)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.contains(reason), "\(found)")
    }

    @Test("A file without passages has no figures; a line has bounds")
    func bounds() throws {
        #expect(throws: EvaluationError.self) { try withBytes(" \n\n") { try LastWordTask(jsonLines: $0) } }
        let bytes = [UInt8](repeating: UInt8(ascii: "x"), count: JSONLines.maximumLineLength + 1)
        #expect(
            throws: EvaluationError.lineTooLong(number: 1, byteCount: bytes.count, limit: JSONLines.maximumLineLength)
        ) { try bytes.withUnsafeBytes { try LastWordTask(jsonLines: $0) } }
    }
}
