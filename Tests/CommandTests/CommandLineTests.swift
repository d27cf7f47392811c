import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test(
        "explains every command, with examples",
        arguments: [
            "generate", "train", "evaluate", "tokenize", "logits", "verify", "bench", "convert", "inspect", "pull",
        ])
    func help(command: String) throws {
        let result = try Program.run(command, "--help")
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: rwkv \(command)"))
        #expect(result.output.contains("Example"))
    }

    @Test(
        "shows defaults as they are typed",
        arguments: [
            (["bench", "training"], "(default: rwkv7:L6:D512:V256)"), (["bench", "model"], "(default:"),
            (["compare"], "(default:"), (["serve"], "(default:"),
        ])
    func defaults(command: [String], expected: String) throws {
        let help = try Program.run(command + ["--help"]).output.split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
        #expect(help.contains(expected))
        // As Swift describes a value that has no description of its own.
        #expect(help.firstMatch(of: /default: [A-Za-z.]+\(/) == nil)
    }

    @Test(
        "answers wrong usage with 64",
        arguments: [
            ["generate", "--temperature", "-1"], ["generate", "--nonsense"], ["nonsense"], ["logits"],
            ["logits", "--tokens", "a", "--output", "/dev/null"], ["generate", "--threads", "0"],
            ["tokenize", "--tokenizer", "world"],
            ["compare", "--data", "/dev/null", "--output", "/dev/null", "--recall-seeds", "0"],
            ["compare", "--data", "/dev/null", "--output", "/dev/null", "--recall-seeds", "\(Int.max)"],
        ])
    func usage(arguments: [String]) throws {
        let process = try Program.start(arguments)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
    }

    @Test("answers a file that is no model with 1 and the reason")
    func noModel() throws {
        let result = try Program.run("generate", "--model", "\(packageFolder)/README.md", "x")
        #expect(result.status == 1)
        #expect(result.errors.contains("Error:"))
        let missing = try Program.run("generate", "--model", "/nowhere/model.pth", "x")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("/nowhere/model.pth"))
    }

    @Test("names weights that are not numbers in a warning, and does not write nonsense")
    func notANumber() throws {
        let folder = try TemporaryFolder()
        let name = "blocks.1.ffn.key.weight"
        let tensors = try SafetensorsFile(path: goldenCase("inference/v4_a") + "/model.safetensors").tensors.map {
            tensor in
            guard tensor.name == name, var values = tensor.floats() else { return tensor }
            values[7] = .nan
            return StoredTensor(name: name, shape: tensor.shape, floats: values)
        }
        try SafetensorsFile.write(tensors, to: folder.file("model.safetensors"))
        let result = try Program.run(
            "generate", "--model", folder.file("model.safetensors"), "--tokenizer", "bytes", "a")
        #expect(result.errors.contains("warning") && result.errors.contains(name))
        #expect(result.status == 1)
    }

    @Test("writes text with the model inside, the same for one seed")
    func generate() throws {
        let first = try Program.run("generate", "--seed", "5", "--tokens", "60", "Once upon a time")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.hasPrefix("Once upon a time"))
        #expect(first.output.utf8.count > 60)
        let again = try Program.run("generate", "--seed", "5", "--tokens", "60", "Once upon a time", "--threads", "1")
        #expect(first.output == again.output)
        let other = try Program.run("generate", "--seed", "6", "--tokens", "60", "Once upon a time")
        #expect(first.output != other.output)
    }

    @Test("reports as JSON where asked, ends at stop strings, and goes on from a saved state")
    func generateJSON() throws {
        let folder = try TemporaryFolder()
        func report(_ arguments: String...) throws -> [String: Any] {
            let process = try Program.start(["generate", "--json", "--temperature", "0"] + arguments)
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let whole = try report("--tokens", "30", "Tom had a dog.")
        let text = try #require(whole["text"] as? String)
        let word = String(try #require(text.split(separator: " ").dropFirst(5).first))
        let stopped = try report("--tokens", "30", "--stop", word, "Tom had a dog.")
        #expect(stopped["finish_reason"] as? String == "stop_string")
        let before = try #require(stopped["text"] as? String)
        #expect(text.hasPrefix(before) && !before.contains(word))

        let tokens = try #require(whole["tokens"] as? [Int])
        _ = try report("--tokens", "10", "--save-state", folder.file("state.safetensors"), "Tom had a dog.")
        // The state has read the tokens so far; the text goes on with what follows them.
        let rest = try report("--tokens", "5", "--state", folder.file("state.safetensors"), " ")
        #expect(rest["finish_reason"] as? String == "length")
        #expect(tokens.count == 30)
    }

    @Test("gives the same logits for any chunk, and from a saved state")
    func logits() throws {
        let folder = try TemporaryFolder()
        let model = goldenCase("inference/v4_a") + "/model.bf16.pth"
        func logits(_ name: String, _ arguments: String...) throws -> [String: [Float]] {
            let process = try Program.start(
                ["logits", "--model", model, "--output", folder.file(name)] + arguments)
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let file = try SafetensorsFile(path: folder.file(name))
            return Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.floats() ?? []) })
        }
        try "[3, 1, 4, 1, 5]".write(toFile: folder.file("tokens.json"), atomically: true, encoding: .utf8)
        let whole = try logits("a", "--tokens", "3,1,4,1,5")
        #expect(whole.count == 11 && whole["logits"]?.count == 5 * 128)
        #expect(try logits("b", "--tokens", folder.file("tokens.json"), "--chunk", "2", "--threads", "2") == whole)
        _ = try logits("c", "--tokens", "3,1")
        let rest = try logits("d", "--tokens", "4,1,5", "--state", folder.file("c"))
        #expect(rest["logits"] == whole["logits"]?.suffix(3 * 128))
        #expect(rest["state.7"] == whole["state.7"])
    }

    @Test("converts to every format and back, and says what a format cannot hold")
    func convert() throws {
        let folder = try TemporaryFolder()
        let source = goldenCase("inference/v4_a") + "/model.safetensors"
        let expected = try SafetensorsFile(path: source).tensors
        for name in ["a.pth", "a.st", "a.bin"] {
            let result = try Program.run("convert", source, folder.file(name))
            #expect(result.status == 0, "\(result.errors)")
            #expect(try CheckpointFile.open(path: folder.file(name)).tensors.count == expected.count)
        }
        #expect(try Program.run("convert", source, folder.file("q.bin"), "--type", "q8_0").status == 0)
        #expect(try Program.run("convert", folder.file("q.bin"), folder.file("q.safetensors")).status == 0)
        let plain = try SafetensorsFile(path: folder.file("q.safetensors")).tensors
        #expect(plain.count { $0.type == .f32 } == expected.count)

        for (arguments, status, reason) in [
            (["a.gguf"], 1, "rwkv4"), (["a.bin", "--type", "bf16"], 64, "bf16"),
            (["a.pth", "--type", "q4_0"], 64, "q4_0"),
            (["a.onnx"], 64, ".gguf"), (["a.bin", "--vocab", "x"], 64, "--vocab"),
        ] as [([String], Int32, String)] {
            let result = try Program.run(["convert", source, folder.file(arguments[0])] + arguments.dropFirst())
            #expect(result.status == status && result.errors.contains(reason), "\(arguments): \(result.errors)")
        }
    }

    @Test("uses the tokenizer in a GGUF file", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
    func tokenizerInFile() throws {
        let folder = try TemporaryFolder()
        // 300 tokens: no tokenizer but the file's own fits such a model. Byte b is token b + 1.
        let source = "\(sharedFolder)/fixtures/inference/v7_a/model.safetensors"
        let tensors = try SafetensorsFile(path: source).tensors.map { tensor in
            guard ["emb.weight", "head.weight"].contains(tensor.name), let values = tensor.floats() else {
                return tensor
            }
            let width = tensor.shape.extents[1]
            let rows = (0..<300 * width).map { values[$0 % values.count] }
            return StoredTensor(name: tensor.name, shape: [300, width], floats: rows)
        }
        let vocabulary = [[]] + (UInt8.min...UInt8.max).map { [$0] } + [Array("ab".utf8)]
        try GGUFFile.write(tensors, vocabulary: vocabulary, to: folder.file("with.gguf"))
        try GGUFFile.write(tensors, to: folder.file("without.gguf"))
        let found = try Program.run("generate", "--model", folder.file("with.gguf"), "--tokens", "1", "abc")
        #expect(found.status == 0 && found.output.hasPrefix("abc"), "\(found.output)\(found.errors)")
        let missing = try Program.run("generate", "--model", folder.file("without.gguf"), "--tokens", "1", "abc")
        #expect(missing.status == 64 && missing.errors.contains("no tokenizer"), "\(missing.errors)")
        // The vocabulary goes along into another GGUF file.
        #expect(try Program.run("convert", folder.file("with.gguf"), folder.file("again.gguf")).status == 0)
        let again = try GGUFFile(path: folder.file("again.gguf")).vocabulary
        #expect(again?.prefix(258) == vocabulary[...])
    }

    @Test("turns texts into tokens and back")
    func tokenize() throws {
        let encoded = try Program.run("tokenize", "--tokenizer", "bytes", input: #"["Hi", "", "é"]"#)
        #expect(encoded.output == "[[72,105],[],[195,169]]\n")
        let decoded = try Program.run("tokenize", "--tokenizer", "bytes", "--decode", input: encoded.output)
        #expect(decoded.output == "[\"Hi\",\"\",\"é\"]\n")
    }

    @Test("knows the World tokenizer", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
    func tokenizeWorld() throws {
        let world = "\(sharedFolder)/fixtures/tokenizers/rwkv_vocab_v20230424.txt"
        // Expected: TRIE_TOKENIZER of the official package.
        let hello = try Program.run("tokenize", "--vocab", world, input: #"["Hello world"]"#)
        #expect(hello.output == "[[33155,40213]]\n")
        #expect(try Program.run("tokenize", "--vocab", world, input: "{}").status == 1)
    }

    @Test("learns a vocabulary that tokenize can use")
    func trainTokenizer() throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: "the cat and the dog and the bird <|endoftext|>", count: 40)
        try text.write(toFile: folder.file("text.txt"), atomically: true, encoding: .utf8)
        let result = try Program.run(
            "tokenizer", "train", "--data", folder.file("text.txt"), "--vocabulary", "270", "--output",
            folder.file("tokenizer.json"))
        #expect(result.status == 0, "\(result.errors)")
        let encoded = try Program.run("tokenize", "--vocab", folder.file("tokenizer.json"), input: #"["the cat"]"#)
        let ids = try JSONDecoder().decode([[Int]].self, from: Data(encoded.output.utf8))
        #expect(ids[0].count < 7)
        let decoded = try Program.run(
            "tokenize", "--decode", "--vocab", folder.file("tokenizer.json"), input: encoded.output)
        #expect(decoded.output == "[\"the cat\"]\n")
    }
}
