import Foundation
import TestSupport
import Testing

private let stories = """
    Once upon a time, there was a little girl named Lily. She liked to play in the park.
    <|endoftext|>
    Tom had a red ball. He threw the ball to his dog. The dog ran and ran.
    <|endoftext|>
    One day a bird sat on a tree. It sang a song. The sun was very happy.
    """

@Suite("rwkv evaluate")
struct EvaluateTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try stories.write(toFile: folder.file("text.txt"), atomically: true, encoding: .utf8)
        let passages = [
            "Once upon a time there was a little girl named Lily. One day Lily went to the park with her mom.",
            "Tom had a dog. The dog was big. Tom loved his dog.", "The cat xylophone quetzal",
        ]
        try passages.map { "{\"text\": \"\($0)\"}\n" }.joined().write(
            toFile: folder.file("lambada.jsonl"), atomically: true, encoding: .utf8)
        let questions = [
            #"{"context": "Once upon a", "choices": ["time", "seventeen kings"], "answer": 0}"#,
            #"{"context": "Lily was very", "choices": ["refrigerator of", "happy"], "answer": 1}"#,
        ]
        try questions.joined(separator: "\n").write(
            toFile: folder.file("questions.jsonl"), atomically: true, encoding: .utf8)
    }

    private func evaluate(_ arguments: String...) throws -> [String: Any] {
        let run = try Program.run(["evaluate", "--json"] + arguments)
        try #require(run.status == 0, "\(run.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
    }

    private func number(_ report: Any?, _ key: String) throws -> Double {
        try #require((report as? [String: Any])?[key] as? Double, "\(key)")
    }

    @Test("reads a text in three ways, which agree where they must")
    func text() throws {
        let text = folder.file("text.txt")
        let carried = try evaluate("--data", text)
        let document = try evaluate("--data", text, "--per-document")
        let wide = try evaluate("--data", text, "--sliding", "10000")
        let narrow = try evaluate("--data", text, "--sliding", "4", "--stride", "1")
        let tokens = try number(carried, "tokens")
        #expect(try number(carried, "documents") == 3 && number(carried, "words") == 52)
        for report in [document, wide, narrow] { #expect(try number(report, "tokens") == tokens) }
        let nats = try [carried, document, wide, narrow].map { try number($0, "nats_per_token") }
        #expect(nats[0] == nats[2] && nats[0] != nats[1])
        #expect(nats[3] != nats[0] && nats[3] != nats[1])
        #expect(abs(exp(nats[0]) - (try number(carried, "perplexity"))) < 1e-6)
        let first = try evaluate("--data", text, "--limit", "1")
        #expect(try number(first, "documents") == 1 && number(first, "tokens") < tokens / 2)
        #expect(try Program.run("evaluate", "--data", text).output.contains("bits per byte"))
    }

    @Test("asks for last words and answers")
    func tasks() throws {
        let report = try evaluate(
            "--lambada", folder.file("lambada.jsonl"), "--choices", folder.file("questions.jsonl"))
        let lambada = report["lambada"]
        #expect(try number(lambada, "count") == 3)
        // A model of stories ends the story of the dog, and does not know the bird.
        let accuracy = try number(lambada, "accuracy")
        #expect(accuracy >= 0.3 && accuracy <= 0.7)
        #expect(try number(lambada, "perplexity") > 1)
        let choices = report["choices"]
        #expect(try number(choices, "accuracy") == 1 && number(choices, "normalized_accuracy") == 1)
        let interval = try #require((choices as? [String: Any])?["accuracy_interval"] as? [Double])
        #expect(interval[0] < 0.5 && interval[1] == 1)
        let few = try evaluate("--lambada", folder.file("lambada.jsonl"), "--limit", "2")
        #expect(try number(few["lambada"], "count") == 2)
    }

    @Test("compares two models: none with itself, and a ruined one is worse")
    func comparison() throws {
        let small = folder.file("small.gguf")
        try #require(try Program.run("quantize", "built-in", small, "--type", "q4_0").status == 0)
        let tasks = ["--data", folder.file("text.txt"), "--lambada", folder.file("lambada.jsonl")]
        let same = try evaluate("--model", "built-in", "--against", "built-in", tasks[0], tasks[1], tasks[2], tasks[3])
        let comparison = try #require(same["comparison"] as? [String: Any])
        #expect(try number(comparison["bits_per_byte"], "difference") == 0)
        #expect(try number(comparison["bits_per_byte"], "pairs") == 3)
        let against = try evaluate("--model", small, "--against", "built-in", tasks[0], tasks[1], tasks[2], tasks[3])
        let found = try #require(against["comparison"] as? [String: Any])
        let difference = try number(found["bits_per_byte"], "difference")
        let own = try number(against, "bits_per_byte") - number(against["against"], "bits_per_byte")
        #expect(abs(difference - own) < 1e-9 && difference != 0)
        #expect(try number(found["bits_per_byte"], "low") <= difference)
        let words = try #require(against["lambada"] as? [String: Any])
        let ratio = try log(number(words, "perplexity") / number(words["against"], "perplexity"))
        let logs = (words["comparison"] as? [String: Any])?["log_perplexity"]
        #expect(abs(try number(logs, "difference") - ratio) < 1e-9)
        let table = try Program.run(["evaluate", "--model", small, "--against", "built-in"] + tasks).output
        #expect(table.contains("small.gguf") && table.contains("difference") && table.contains("× "))
    }

    @Test(
        "says what is wrong with a wish",
        arguments: [
            ([], "name what to predict"), (["--lambada", "x", "--sliding", "4"], "--data is read, which is missing"),
            (["--data", "x", "--stride", "4"], "--stride is for --sliding"),
            (["--data", "x", "--sliding", "4", "--stride", "5"], "from 1 to the window of 4"),
            (["--data", "x", "--sliding", "4", "--per-document"], "exclude each other"),
            (["--data", "x", "--limit", "0"], "at least 1"),
        ])
    func wrongUsage(arguments: [String], message: String) throws {
        let run = try Program.run(["evaluate"] + arguments)
        #expect(run.status == 64)
        #expect(run.errors.contains(message), "\(run.errors)")
    }

    @Test("names the file and the line that it cannot use")
    func wrongFiles() throws {
        let text = folder.file("text.txt")
        let run = try Program.run("evaluate", "--lambada", text)
        #expect(run.status == 1 && run.errors.contains(text) && run.errors.contains("line 1"), "\(run.errors)")
        #expect(try Program.run("evaluate", "--choices", folder.file("none.jsonl")).status == 1)
        let empty = folder.file("empty.txt")
        try "".write(toFile: empty, atomically: true, encoding: .utf8)
        #expect(try Program.run("evaluate", "--data", empty).status == 1)
    }
}
