import Foundation
import TestSupport
import Testing

@Suite("rwkv train and rwkv data, on files of several formats")
struct TrainingDataCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<300).map { "The \($0 % 7)th cat sat on the mat and saw \($0 * $0 % 11) birds.\n" }.joined()
        try write(text, "text.txt")
        try write((0..<80).map { "{\"text\": \"Line \($0) has \($0 * $0 % 13) words.\"}\n" }.joined(), "lines.jsonl")
        let chats = (0..<60).map { i in
            """
            {"messages": [{"role": "user", "content": "What is \(i) + 1?"}, {"role": "assistant", "content": "\(i + 1)."}]}

            """
        }
        try write(chats.joined(), "chats.jsonl")
    }

    private func write(_ text: String, _ name: String) throws {
        try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
    }

    private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: folder.file(name))) }

    private func arguments(_ output: String, data: [String], steps: Int = 40) -> [String] {
        ["train", "--data"] + data + [
            "--tokenizer", "bytes", "--layers", "1", "--width", "32", "--context", "32", "--batch", "3", "--steps",
            "\(steps)", "--warmup", "5", "--valid-every", "20", "--save-every", "0", "--cache", folder.file("tokens"),
            "--output", folder.file(output),
        ]
    }

    @Test("Files with weights, shuffled: killed at any moment and resumed, gives the same weights, bit for bit")
    func killed() throws {
        let data = ["\(folder.file("text.txt")):1", "\(folder.file("lines.jsonl")):2.5", folder.file("chats.jsonl")]
        let whole = try Program.run(arguments("whole", data: data, steps: 400) + ["--hold-out", "10%"])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.errors.contains("of them count"))
        #expect(whole.errors.contains("bits per byte"))
        var kills = 0
        var process = try Program.start(arguments("killed", data: data, steps: 400) + ["--hold-out", "10%"])
        try process.run()
        while kills < 6 {
            Thread.sleep(forTimeInterval: .random(in: 0.02...0.1))
            guard process.isRunning else { break }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            kills += 1
            let hasBegun = FileManager.default.fileExists(atPath: folder.file("killed") + "/checkpoint.safetensors")
            process = try Program.start(
                hasBegun
                    ? ["train", "--output", folder.file("killed"), "--resume"]
                    : arguments("killed", data: data, steps: 400) + ["--hold-out", "10%"])
            try process.run()
        }
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && kills == 6)
        #expect(try bytes("killed/model.safetensors") == bytes("whole/model.safetensors"))
    }

    @Test("A file is tokenized once; a run whose data have changed cannot be resumed")
    func cache() throws {
        let file = folder.file("text.txt")
        let first = try Program.run(arguments("one", data: [file], steps: 3))
        #expect(first.status == 0 && first.errors.contains("text.txt: 13201 tokens, kept"), "\(first.errors)")
        let second = try Program.run(arguments("two", data: [file], steps: 3))
        #expect(second.status == 0 && second.errors.contains("were kept from before"), "\(second.errors)")
        #expect(try bytes("one/model.safetensors") == bytes("two/model.safetensors"))

        try write("other " + String(decoding: bytes("text.txt"), as: UTF8.self), "text.txt")
        let resumed = try Program.run("train", "--output", folder.file("two"), "--resume")
        #expect(resumed.status == 1)
        #expect(
            resumed.errors.contains("was changed since") && resumed.errors.contains("bit for bit"), "\(resumed.errors)")
    }

    @Test("What cannot be learnt from is refused with file and line")
    func refuses() throws {
        try write("{\"text\": \"a\"}\n{\"text\": 4}\n", "bad.jsonl")
        let bad = try Program.run(arguments("x", data: [folder.file("bad.jsonl")]))
        #expect(bad.status == 1 && bad.errors.contains("bad.jsonl, line 2: “text” is not"), "\(bad.errors)")
        try write("{\"messages\": [{\"content\": \"a\"}]}\n", "norole.jsonl")
        let role = try Program.run(arguments("x", data: [folder.file("norole.jsonl")]))
        #expect(role.status == 1 && role.errors.contains("line 1: turn 1 says no “role”"), "\(role.errors)")
        try write("", "empty.txt")
        #expect(try Program.run(arguments("x", data: [folder.file("empty.txt")])).status == 1)
        #expect(try Program.run(arguments("x", data: [folder.file("text.txt") + ":0"])).status == 64)
        let both = ["--valid", folder.file("text.txt"), "--hold-out", "1%"]
        #expect(try Program.run(arguments("x", data: [folder.file("text.txt")]) + both).status == 64)
        #expect(try Program.run(arguments("x", data: [folder.file("text.txt")]) + ["--hold-out", "x"]).status == 64)
        let forced = arguments("x", data: [folder.file("lines.jsonl")]) + ["--data-format", "chat"]
        #expect(try Program.run(forced).errors.contains("line 1: the text does not begin with"))
    }

    @Test("pack, inspect, unpack and train with a binidx data set")
    func binidx() throws {
        let prefix = folder.file("corpus")
        let packed = try Program.run(
            "data", "pack", folder.file("lines.jsonl"), folder.file("text.txt"), "--tokenizer", "bytes", "--output",
            prefix,
            "--context", "32")
        #expect(packed.status == 0 && packed.output.contains("81 documents"), "\(packed.errors)")
        #expect(packed.output.contains("--magic_prime "))

        let inspected = try Program.run("data", "inspect", prefix + ".idx", "--tokenizer", "bytes", "--json")
        let reports = try JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [[String: Any]]
        let report = try #require(reports?.first)
        #expect(report["documents"] as? Int == 81 && report["format"] as? String == "binidx")

        let unpacked = try Program.run(
            "data", "unpack", prefix, "--tokenizer", "bytes", "--output", folder.file("back.jsonl"))
        #expect(unpacked.status == 0, "\(unpacked.errors)")
        let lines = String(decoding: try bytes("back.jsonl"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 81 && lines[3] == "{\"text\":\"Line 3 has 9 words.\"}")

        // The same tokens in another form give the same model.
        let fromFiles = try Program.run(
            arguments("files", data: [folder.file("lines.jsonl"), folder.file("text.txt")], steps: 5))
        let fromPacked = try Program.run(arguments("packed", data: [prefix + ".bin"], steps: 5))
        #expect(fromFiles.status == 0 && fromPacked.status == 0, "\(fromPacked.errors)")
        #expect(try bytes("files/model.safetensors") == bytes("packed/model.safetensors"))

        let shuffled = try Program.run(
            "data", "pack", prefix, "--tokenizer", "bytes", "--epochs", "3", "--output", folder.file("three"))
        #expect(shuffled.output.contains("243 documents"), "\(shuffled.errors)")
        #expect(try Program.run("data", "pack", prefix, "--tokenizer", "bytes", "--output", prefix).status == 64)
        #expect(try Program.run("data", "unpack", folder.file("none"), "--tokenizer", "bytes").status == 1)
    }

    @Test("inspect shows conversations as a model sees them, and what is learnt")
    func chat() throws {
        let shown = try Program.run(
            "data", "inspect", folder.file("chats.jsonl"), "--tokenizer", "bytes", "--show", "1", "--cache",
            folder.file("tokens"))
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(shown.output.contains("User: What is 0 + 1?\n\nAssistant:⟦ 1.<end>⟧"), "\(shown.output)")
        #expect(shown.output.contains("60 documents"))
    }
}
