import Foundation
import RWKV
import TestSupport
import Testing

@Suite("What cannot work is said, and costs nothing")
struct MisuseTests {
    private let folder: TemporaryFolder
    private let text: String
    private let tiny = ["--tokenizer", "bytes", "--layers", "1", "--width", "16", "--context", "8", "--batch", "2"]

    init() throws {
        folder = try TemporaryFolder()
        text = folder.file("text.txt")
        try Data(String(repeating: "to be or not to be\n", count: 20).utf8).write(to: URL(fileURLWithPath: text))
    }

    #if os(Linux)
        @Test(
            "Output that cannot be written is a failure",
            arguments: [["generate", "-n", "3", "a"], ["inspect", "--json"]])
        func fullDisk(arguments: [String]) throws {
            let process = try Program.start(
                arguments[0] == "inspect"
                    ? arguments + [goldenCase("inference/v4_a") + "/model.safetensors"] : arguments)
            process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            #expect(process.terminationStatus == 1)
            #expect(String(decoding: complaint, as: UTF8.self).contains("standard output"))
        }
    #endif

    @Test(
        "Messages call things as users do",
        arguments: [
            (["generate", "--top-p", "2", "a"], 64, "--top-p is 2.0; it must be from 0 to 1"),
            (["generate", "--ban-token=-1", "a"], 64, "--ban-token names token -1"),
            (
                ["generate", "--tokenizer", "nowhere", "a"], 1,
                "“nowhere” cannot be used: there is no such file or folder"
            ),
            (
                ["tokenizer", "train", "--data", #filePath, "--vocabulary", "300", "--output", "/nowhere/at/all.json"],
                1,
                "there is no such file or folder"
            ),
            (["merge", "a.pth", "b.pth", "--lora", "c.pth", "--type", "q8_0"], 64, "one of f32, f16, bf16"),
        ])
    func names(arguments: [String], status: Int32, message: String) throws {
        let result = try Program.run(arguments)
        #expect(result.status == status)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("A level of kernels that there is not is no wish for the best one")
    func kernels() throws {
        let result = try Program.run(["generate", "-n", "3", "a"], environment: ["RWKV_KERNELS": "avx3"])
        #expect(result.status == 64)
        #expect(result.errors.contains("avx3") && result.errors.contains("avx512-bf16"), "\(result.errors)")
    }

    @Test("A log is not written over something else")
    func log() throws {
        let before = try Data(contentsOf: URL(fileURLWithPath: text))
        let run = ["train", "--data", text, "--steps", "2", "--output", folder.file("run"), "--log", text]
        let result = try Program.run(run + tiny)
        #expect(result.status == 1)
        #expect(result.errors.contains("no training log"), "\(result.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: text)) == before)
    }

    @Test("A run that goes on keeps its log, and says which options it passes over")
    func resume() throws {
        let log = folder.file("log.jsonl")
        let run = ["train", "--data", text, "--steps", "2", "--output", folder.file("run"), "--log", log]
        #expect(try Program.run(run + tiny).status == 0)
        let again = try Program.run("train", "--output", folder.file("run"), "--resume", "--lr=1", "--steps", "9")
        #expect(again.status == 0)
        #expect(again.errors.contains("--lr, --steps change nothing"), "\(again.errors)")
        #expect(TrainingLog.read(log).map(\.step) == [1, 2])
        #expect(!FileManager.default.fileExists(atPath: folder.file("run/log.jsonl")))
    }

    @Test(
        "Sizes beyond all bounds are refused before anything is made",
        arguments: [
            (["--width", "9223372036854775807"], 64, "--width"), (["--layers", "1000000000"], 64, "--layers"),
            (["--hidden", "9223372036854775807"], 64, "--hidden"), (["--batch", "9223372036854775807"], 64, "batch"),
            (["--head-size", "7"], 64, "--head-size"), (["--architecture", "foo"], 64, "--architecture"),
            (["--l2-wrap", "nan"], 64, "l2-wrap"), (["--freeze", "emb"], 64, "--freeze"),
            (["--layers", "4000", "--width", "65536"], 1, "GB are free"),
        ] as [([String], Int32, String)])
    func sizes(options: [String], status: Int32, message: String) throws {
        let result = try Program.run(
            ["train", "--data", text, "--tokenizer", "bytes", "--steps", "1", "--output", folder.file("run")] + options)
        #expect(result.status == status)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test(
        "A GGUF file that contradicts its tensors is refused",
        arguments: [
            ("rwkv6.block_count", 3), ("rwkv6.wkv.head_size", 1),
            ("rwkv6.attention.layer_norm_epsilon", Float(1e-3).bitPattern),
        ] as [(String, UInt32)])
    func gguf(key: String, value: UInt32) throws {
        let path = folder.file("model.gguf")
        let model = goldenCase("inference/v6_a") + "/model.safetensors"
        #expect(try Program.run("convert", model, path, "--type", "f32").status == 0)
        #expect(try Program.run("logits", "--model", path, "--tokens", "1", "--output", folder.file("o")).status == 0)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        // The value's type stands between its key and it.
        let place = try #require(bytes.range(of: Data(key.utf8))).upperBound + 4
        bytes.replaceSubrange(place..<place + 4, with: withUnsafeBytes(of: value.littleEndian) { Data($0) })
        try bytes.write(to: URL(fileURLWithPath: path))
        let result = try Program.run("logits", "--model", path, "--tokens", "1", "--output", folder.file("o"))
        #expect(result.status == 1)
        #expect(result.errors.contains(key), "\(result.errors)")
    }

    @Test("As many sequences at once as can be written are as many as there are")
    func hugeMicroBatch() throws {
        let result = try Program.run(
            ["train", "--data", text, "--steps", "1", "--output", folder.file("run"), "--micro-batch", "\(Int.max)"]
                + tiny)
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("A state with more layers is another model's")
    func state() throws {
        let model = goldenCase("inference/v4_a") + "/model.safetensors"
        let path = folder.file("state.safetensors")
        let arguments = ["logits", "--model", model, "--tokens", "1", "--output"]
        #expect(try Program.run(arguments + [path]).status == 0)
        var tensors = try SafetensorsFile(path: path).tensors.map {
            StoredTensor(name: $0.name, shape: $0.shape, floats: $0.floats() ?? [])
        }
        tensors.removeAll { $0.name == "logits" }
        let extra = tensors.count
        tensors.append(StoredTensor(name: "state.\(extra)", shape: [1], floats: [0] as [Float]))
        try SafetensorsFile.write(tensors, to: path)
        let result = try Program.run(arguments + [folder.file("o"), "--state", path])
        #expect(result.status == 1)
        #expect(result.errors.contains("is \(extra + 1); it must be \(extra)"), "\(result.errors)")
    }

    @Test("An epsilon that is none is refused, and one that a format cannot hold is warned of")
    func epsilon() throws {
        let model = goldenCase("inference/v5_2_a") + "/model.safetensors"
        let converted = try Program.run("convert", model, folder.file("x.bin"))
        #expect(converted.status == 0 && converted.errors.contains("epsilon"), "\(converted.errors)")
        #expect(try !Program.run("convert", model, folder.file("x.pth")).errors.contains("epsilon"))
        let wrong = folder.file("wrong.safetensors")
        let tensors = try SafetensorsFile(path: model).tensors
        try SafetensorsFile.write(tensors, metadata: ["group_norm_epsilon": "nan"], to: wrong)
        let result = try Program.run("logits", "--model", wrong, "--tokens", "1", "--output", folder.file("o"))
        #expect(result.status == 1)
        #expect(result.errors.contains("group_norm_epsilon"), "\(result.errors)")
    }

    @Test("Control characters of a file do not reach the terminal")
    func controlCharacters() throws {
        let path = folder.file("red.safetensors")
        try SafetensorsFile.write(
            [StoredTensor(name: "\u{1B}[31mred\u{7}", shape: [1], floats: [0] as [Float])], to: path)
        let result = try Program.run("logits", "--model", path, "--tokens", "1", "--output", folder.file("o"))
        #expect(result.status == 1)
        #expect(!result.errors.contains("\u{1B}") && !result.errors.contains("\u{7}"), "\(result.errors)")
    }
}
