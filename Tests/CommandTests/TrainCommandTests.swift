import Foundation
import TestSupport
import Testing

@Suite("rwkv train")
struct TrainCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<300).map { "The \($0 % 7)th cat sat on the mat and saw \($0 * $0 % 11) birds.\n" }.joined()
        let half = text.utf8.count / 2
        let bytes = Array(text.utf8)
        let documents =
            String(decoding: bytes[..<half], as: UTF8.self) + "\n<|endoftext|>\n"
            + String(decoding: bytes[half...], as: UTF8.self)
        try documents.write(toFile: folder.file("train.txt"), atomically: true, encoding: .utf8)
        try String(text.prefix(600)).write(toFile: folder.file("valid.txt"), atomically: true, encoding: .utf8)
    }

    private func arguments(_ output: String, steps: Int) -> [String] {
        [
            "train", "--data", folder.file("train.txt"), "--valid", folder.file("valid.txt"), "--tokenizer", "bytes",
            "--layers", "2", "--width", "32", "--context", "32", "--batch", "4", "--steps", "\(steps)", "--dropout",
            "0.1",
            "--warmup", "5", "--valid-every", "20", "--save-every", "0", "--output", folder.file(output),
        ]
    }

    private func weights(_ output: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.file(output) + "/model.safetensors"))
    }

    private func run(_ arguments: [String]) throws -> Int32 {
        let process = try Program.start(arguments)
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    @Test("killed at twenty moments and resumed, gives the weights of an undisturbed run, bit for bit")
    func killed() throws {
        #expect(try run(arguments("whole", steps: 1000)) == 0)
        var kills = 0
        var process = try Program.start(arguments("killed", steps: 1000))
        try process.run()
        while kills < 20 {
            // Moments that fall anywhere: in steps, in checkpoints, before the first.
            Thread.sleep(forTimeInterval: .random(in: 0.01...0.08))
            guard process.isRunning else { break }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            kills += 1
            let hasBegun = FileManager.default.fileExists(atPath: folder.file("killed") + "/checkpoint.safetensors")
            process = try Program.start(
                hasBegun ? ["train", "--output", folder.file("killed"), "--resume"] : arguments("killed", steps: 1000))
            try process.run()
        }
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(kills == 20)
        #expect(try weights("killed") == weights("whole"))

        let lines = try String(contentsOfFile: folder.file("killed") + "/log.jsonl", encoding: .utf8).split(
            separator: "\n")
        let steps = try lines.map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            for key in ["tokens", "loss", "learning_rate", "gradient_norm", "tokens_per_second"] {
                #expect(object?[key] is NSNumber, "\(key)")
            }
            return try #require(object?["step"] as? Int)
        }
        #expect(steps == Array(1...1000))
    }

    @Test("writes everything a run needs, and a model that writes")
    func outcome() throws {
        #expect(try run(arguments("run", steps: 40) + ["--threads", "1"]) == 0)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.file("run"))
        for name in ["model.safetensors", "best.safetensors", "checkpoint.safetensors", "log.jsonl", "curve.svg"] {
            #expect(files.contains(name))
        }
        let model = folder.file("run") + "/model.safetensors"
        let text = try Program.run("generate", "--model", model, "--tokens", "20", "--seed", "1", "The ")
        #expect(text.status == 0, "\(text.errors)")
        #expect(text.output.hasPrefix("The ") && text.output.utf8.count > 10)
        #expect(
            try Program.run("generate", "--model", model, "--tokens", "20", "--seed", "1", "The ").output == text.output
        )
        let loss = try Program.run("evaluate", "--model", model, "--data", folder.file("valid.txt"), "--json")
        let report = try JSONSerialization.jsonObject(with: Data(loss.output.utf8)) as? [String: Double]
        let bits = try #require(report?["bits_per_byte"])
        // 8 bits before training; a text of one sentence is soon known.
        #expect(bits < 6 && bits > 0)
    }

    @Test("refuses to begin where a run is, to resume where none is, and what it cannot understand")
    func refuses() throws {
        #expect(try run(arguments("twice", steps: 3)) == 0)
        #expect(try run(arguments("twice", steps: 3)) == 1)
        #expect(try run(["train", "--output", folder.file("none"), "--resume"]) == 1)
        #expect(try run(["train", "--output", folder.file("none")]) == 64)
        #expect(try run(arguments("none", steps: 3) + ["--minutes", "3"]) == 64)
        #expect(try run(["train", "--data", folder.file("absent.txt"), "--output", folder.file("none")]) == 1)
    }

    @Test("stopped by Ctrl-C, saves and can go on")
    func interrupted() throws {
        let process = try Program.start(arguments("stopped", steps: 100_000))
        try process.run()
        let checkpoint = folder.file("stopped") + "/checkpoint.safetensors"
        for _ in 0..<200 where !FileManager.default.fileExists(atPath: checkpoint) {
            Thread.sleep(forTimeInterval: 0.05)
        }
        Thread.sleep(forTimeInterval: 0.2)
        kill(process.processIdentifier, SIGINT)
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let log = try String(contentsOfFile: folder.file("stopped") + "/log.jsonl", encoding: .utf8)
        let steps = log.split(separator: "\n").count
        let resumed = try Program.start(["train", "--output", folder.file("stopped"), "--resume"])
        try resumed.run()
        Thread.sleep(forTimeInterval: 0.5)
        kill(resumed.processIdentifier, SIGINT)
        resumed.waitUntilExit()
        let after = try String(contentsOfFile: folder.file("stopped") + "/log.jsonl", encoding: .utf8)
        #expect(after.hasPrefix(log))
        #expect(after.split(separator: "\n").count > steps)
    }
}
