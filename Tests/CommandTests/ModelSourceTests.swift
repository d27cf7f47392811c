import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

private let dialects = "\(packageFolder)/Tests/Fixtures/dialects"

@Suite("Models of other namings, folders and adapters on the command line")
struct ModelSourceTests {
    private let folder: TemporaryFolder
    private let official: String

    init() throws {
        folder = try TemporaryFolder()
        official = goldenCase("inference/v4_a") + "/model.safetensors"
    }

    /// The logits of a few tokens, as bytes.
    private func logits(_ model: String, _ arguments: String...) throws -> [UInt8] {
        let output = folder.file("out.safetensors")
        let process = try Program.start(
            ["logits", "--model", model, "--tokens", "1,2,3,4,5", "--output", output] + arguments)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(model)")
        return try #require(SafetensorsFile(path: output).tensors.first { $0.name == "logits" }).withBytes { Array($0) }
    }

    /// Random factors for a matrix of layer 1.
    private func factors(rank: Int = 2) throws -> String {
        let width = try #require(
            SafetensorsFile(path: official).tensors.first { $0.name == "blocks.1.att.key.weight" }
        ).shape.extents[0]
        var random = RandomNumbers(seed: 1)
        func tensor(_ side: String, _ shape: Shape) -> StoredTensor {
            StoredTensor(
                name: "blocks.1.att.key.lora_\(side)", shape: shape,
                floats: (0..<shape.count).map { _ in random.uniform(in: -1...1) })
        }
        let path = folder.file("lora.safetensors")
        try SafetensorsFile.write([tensor("A", [rank, width]), tensor("B", [width, rank])], to: path)
        return path
    }

    @Test(
        "The logits of other projects follow from their files",
        arguments: ["transformers_rwkv4", "fla_rwkv6", "fla_rwkv7"])
    func goldens(name: String) throws {
        let result = try Program.run("verify", "\(dialects)/\(name)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test("A model has the same logits, bit for bit, under another project's names")
    func renamed() throws {
        let tensors = try SafetensorsFile(path: official).tensors.map { tensor in
            var name = tensor.name == "head.weight" ? tensor.name : "rwkv." + tensor.name
            for (old, new) in [
                ("emb.", "embeddings."), (".ln0", ".pre_ln"), (".att.", ".attention."), (".ffn.", ".feed_forward."),
                ("mix_k", "mix_key"), ("mix_v", "mix_value"), ("mix_r", "mix_receptance"),
            ] { name = name.replacingOccurrences(of: old, with: new) }
            return tensor.renamed(name)
        }
        try SafetensorsFile.write(tensors, to: folder.file("foreign.safetensors"))
        let expected = try logits(official)
        #expect(try logits(folder.file("foreign.safetensors")) == expected)
        #expect(try Program.run("convert", folder.file("foreign.safetensors"), folder.file("back.pth")).status == 0)
        #expect(try logits(folder.file("back.pth")) == expected)
    }

    @Test("A folder is a model with the tokenizer in it")
    func snapshot() throws {
        let snapshot = folder.file("snapshot")
        try FileManager.default.createDirectory(atPath: snapshot, withIntermediateDirectories: true)
        for name in ["model.safetensors", "tokenizer.json"] {
            try FileManager.default.copyItem(
                atPath: "\(packageFolder)/Models/tinystories/\(name)", toPath: "\(snapshot)/\(name)")
        }
        let inside = try Program.run("generate", "--temperature", "0", "-n", "20", "Once")
        let result = try Program.run("generate", "--model", snapshot, "--temperature", "0", "-n", "20", "Once")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == inside.output)
    }

    @Test("Factors merged at load and merged into a file give the same logits, and alpha scales them")
    func lora() throws {
        let lora = try factors()
        let merged = folder.file("merged.safetensors")
        #expect(try Program.run("convert", official, merged, "--lora", "\(lora):8").status == 0)
        let expected = try logits(merged)
        #expect(try logits(official, "--lora", "\(lora):8") == expected)
        #expect(try logits(official, "--lora", "\(lora):4") != expected)
        #expect(try logits(official, "--lora", "\(lora):4", "--lora", "\(lora):4") != logits(official))
        // Without alpha it is the rank, and the program says so.
        #expect(try logits(official, "--lora", lora) == logits(official, "--lora", "\(lora):2"))
        let result = try Program.run("convert", official, folder.file("x.pth"), "--lora", lora)
        #expect(result.errors.contains("alpha = rank"))
    }

    @Test("What does not belong together is refused, with the file that is wrong")
    func errors() throws {
        let lora = try factors()
        let asModel = try Program.run("generate", "--model", lora, "--tokenizer", "bytes", "x")
        #expect(asModel.status == 1)
        #expect(asModel.errors.contains(lora) && asModel.errors.contains("LoRA factors, not a model"))
        let asLoRA = try Program.run("convert", official, folder.file("x.pth"), "--lora", official)
        #expect(asLoRA.status == 1)
        #expect(asLoRA.errors.contains("holds a model, not LoRA factors"))
        let asState = try Program.run("generate", "--model", official, "--tokenizer", "bytes", "--state", lora, "x")
        #expect(asState.status == 1)
        #expect(asState.errors.contains("not a tuned state"))
        let inside = try Program.run("generate", "--lora", lora, "x")
        #expect(inside.status == 1)
        #expect(inside.errors.contains("\(lora): "))
        #expect(try Program.run("generate", "--model", official, "--lora-init", lora, "x").status == 64)

        let tuned = folder.file("tuned.safetensors")
        try SafetensorsFile.write(
            [StoredTensor(name: "blocks.0.att.time_state", shape: [1, 2, 2], floats: [1, 2, 3, 4] as [Float])],
            to: tuned)
        let wrongVersion = try Program.run("evaluate", "--model", official, "--state", tuned, "--data", official)
        #expect(wrongVersion.status == 1)
        #expect(wrongVersion.errors.contains("no matrices in its state"))
    }

    @Test("A saved state is one to begin with, for evaluation too")
    func savedState() throws {
        let output = folder.file("state.safetensors")
        #expect(
            try Program.run("logits", "--model", official, "--tokens", "3,1,4", "--output", output).status == 0)
        #expect(try logits(official, "--state", output) != logits(official))
        let text = folder.file("text.txt")
        try Data("\u{1}\u{2}\u{3}\u{4}".utf8).write(to: URL(fileURLWithPath: text))
        let arguments = ["evaluate", "--model", official, "--tokenizer", "bytes", "--data", text]
        func evaluate(_ more: String...) throws -> String {
            let process = try Program.start(arguments + more)
            let pipe = Pipe()
            process.standardOutput = pipe
            try process.run()
            let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
            return String(decoding: data, as: UTF8.self)
        }
        #expect(try evaluate() != evaluate("--state", output))
    }
}
