import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("rwkv inspect")
struct InspectTests {
    private func json(_ arguments: String...) throws -> (status: Int32, object: [String: Any]) {
        let process = try Program.start(["inspect", "--json"] + arguments)
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        return (process.terminationStatus, try #require(object))
    }

    @Test("describes the model inside")
    func builtIn() throws {
        let result = try Program.run("inspect")
        #expect(result.status == 0 && result.errors.isEmpty)
        // Models/tinystories/README.md
        for text in ["rwkv7", "5,415,680", "inside the program", "blocks.4.ffn.value.weight", "BF16"] {
            #expect(result.output.contains(text), "\(text)")
        }
        #expect(!result.output.contains("\u{1B}"))
        #expect(try Program.run("inspect", "built-in").output == result.output)
        let brief = try Program.run("inspect", "--no-tensors")
        #expect(!brief.output.contains("blocks.") && result.output.hasPrefix(brief.output))
    }

    @Test("gives the sizes, bytes and statistics of a model as JSON")
    func model() throws {
        let path = goldenCase("inference/v4_a") + "/model.safetensors"
        let (status, report) = try json(path)
        #expect(status == 0)
        #expect(report["kind"] as? String == "model" && report["architecture"] as? String == "rwkv4")
        #expect(report["format"] as? String == "safetensors" && report["file"] as? String == path)
        // inference/v4_a/case.json: 2 layers of width 64, 128 tokens
        let sizes = try #require(report["sizes"] as? [String: Int])
        #expect(sizes == ["layers": 2, "width": 64, "hidden_width": 256, "vocabulary": 128])
        // Five vectors of 64 floats in each of two layers.
        #expect(report["state_bytes"] as? Int == 2 * 5 * 64 * 4)
        let file = try SafetensorsFile(path: path)
        let bytes = file.tensors.reduce(0) { $0 + $1.byteCount }
        let embedding = try #require(file.tensors.first { $0.name == "emb.weight" })
        #expect(report["weight_bytes"] as? Int == bytes)
        #expect(report["bytes_read_per_token"] as? Int == bytes - embedding.byteCount / 128 * 127)
        #expect(report["parameters"] as? Int == file.tensors.reduce(0) { $0 + $1.shape.count })

        let tensors = try #require(report["tensors"] as? [[String: Any]])
        #expect(tensors.map { $0["name"] as? String } == file.tensors.map(\.name))
        let first = try #require(tensors.first { $0["name"] as? String == "emb.weight" })
        let values = try #require(embedding.floats())
        #expect(first["shape"] as? [Int] == [128, 64] && first["type"] as? String == embedding.type.rawValue)
        #expect(first["min"] as? Double == Double(values.min() ?? 0))
        #expect(first["max"] as? Double == Double(values.max() ?? 0))
        #expect(first["nan"] as? Int == 0 && first["infinite"] as? Int == 0)
        #expect(try json("--no-tensors", path).object["tensors"] == nil)
    }

    /// What the official implementation says of a golden case.
    private struct GoldenSizes: Decodable {
        let n_layer, n_embd, dim_ffn, vocab_size: Int
        let n_head, head_size: Int?
        let lora: [Int]?
    }

    @Test(
        "knows the sizes of every version", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"),
        arguments: ["v4_a", "v5_0_a", "v5_1_a", "v5_2_a", "v5_2_b", "v6_a", "v6_b", "v7_a", "v7_b"])
    func versions(name: String) throws {
        let folder = goldenCase("inference/\(name)")
        let expected = try JSONDecoder().decode(
            GoldenSizes.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/case.json")))
        let (status, report) = try json("--no-tensors", folder + "/model.safetensors")
        let sizes = try #require(report["sizes"] as? [String: Int])
        #expect(
            status == 0 && (report["architecture"] as? String)?.hasPrefix("rwkv" + name.dropFirst().prefix(1)) == true)
        #expect(sizes["layers"] == expected.n_layer && sizes["width"] == expected.n_embd)
        #expect(sizes["hidden_width"] == expected.dim_ffn && sizes["vocabulary"] == expected.vocab_size)
        #expect(sizes["heads"] == expected.n_head && sizes["head_size"] == expected.head_size)
        // The first layer of an RWKV-7 has nothing to mix its values with, but may hold the weights for it.
        let unused: Set = ["blocks.0.att.v0", "blocks.0.att.v1", "blocks.0.att.v2"]
        let bytes = try SafetensorsFile(path: folder + "/model.safetensors").tensors.reduce(0) { sum, tensor in
            if unused.contains(tensor.name) { return sum }
            return sum + (tensor.name == "emb.weight" ? tensor.byteCount / expected.vocab_size : tensor.byteCount)
        }
        #expect(report["bytes_read_per_token"] as? Int == bytes)
        if let ranks = expected.lora {
            #expect(sizes.filter { $0.key.hasPrefix("rank_") }.values.sorted() == ranks.sorted())
        }
    }

    @Test(
        "reads what other projects write", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"),
        arguments: [
            ("gguf/rwkv7-tiny-Q8_0.gguf", "GGUF", "Q8_0"), ("gguf/rwkv6-tiny-F32.gguf", "GGUF", "F32"),
            ("real/4v0-660K/tiny-rwkv-4v0-660K-Q5_1.bin", "rwkv.cpp", "Q5_1"),
            ("optional_v7a_deepembed/model.bf16.pth", "PyTorch", "BF16"),
        ])
    func formats(file: String, format: String, type: String) throws {
        let (status, report) = try json("\(sharedFolder)/fixtures/\(file)")
        #expect(status == 0 && report["kind"] as? String == "model" && report["format"] as? String == format)
        #expect((report["types"] as? [String: Any])?.keys.contains(type) == true)
        let all = try #require(report["weight_bytes"] as? Int)
        let read = try #require(report["bytes_read_per_token"] as? Int)
        #expect(read > 0 && read < all)
        for tensor in try #require(report["tensors"] as? [[String: Any]]) {
            let low = try #require(tensor["min"] as? Double)
            #expect(try low <= #require(tensor["mean"] as? Double))
        }
        #expect(try Program.run("inspect", "\(sharedFolder)/fixtures/\(file)").status == 0)
    }

    @Test("finds the tokenizer beside a model")
    func tokenizer() throws {
        let folder = try TemporaryFolder()
        let model = folder.file("model.safetensors")
        try FileManager.default.copyItem(atPath: "\(packageFolder)/Models/tinystories/model.safetensors", toPath: model)
        #expect(try json("--no-tensors", model).object["tokenizer"] == nil)
        try FileManager.default.copyItem(
            atPath: "\(packageFolder)/Models/tinystories/tokenizer.json", toPath: folder.file("tokenizer.json"))
        let tokenizer = try json("--no-tensors", model).object["tokenizer"] as? [String: Any]
        #expect(tokenizer?["path"] as? String == folder.file("tokenizer.json"))
        #expect(tokenizer?["source"] as? String == "beside")
        try "{".write(toFile: folder.file("tokenizer.json"), atomically: true, encoding: .utf8)
        let broken = try Program.run("inspect", "--no-tensors", model)
        #expect(broken.status == 0 && broken.output.contains("tokenizer.json"))
    }

    @Test("calls out values that are no numbers, first of all", arguments: ["--tensors", "--no-tensors"])
    func notFinite(option: String) throws {
        let folder = try TemporaryFolder()
        let name = "blocks.1.ffn.key.weight"
        let tensors = try SafetensorsFile(path: goldenCase("inference/v4_a") + "/model.safetensors").tensors.map {
            tensor in
            guard tensor.name == name, var values = tensor.floats() else { return tensor }
            (values[7], values[9]) = (.nan, -.infinity)
            return StoredTensor(name: name, shape: tensor.shape, floats: values)
        }
        try SafetensorsFile.write(tensors, to: folder.file("model.safetensors"))
        let result = try Program.run("inspect", option, folder.file("model.safetensors"))
        #expect(result.status == 0)
        let second = result.output.split(separator: "\n").dropFirst().first ?? ""
        #expect(second == "warning: “\(name)” holds 1 NaN and 1 infinite values")
        #expect(try json(option, folder.file("model.safetensors")).object["not_finite"] as? [String] == [name])
    }

    @Test(
        "lists tensors that are no model and says what they seem to be",
        arguments: [
            (["state.0", "state.1"], "state"), (["blocks.0.att.time_state"], "tuned_state"),
            (["blocks.0.att.key.lora_A", "blocks.0.att.key.lora_B"], "adapter"), (["x"], "tensors"),
            (["adam.first/emb.weight", "emb.weight"], "training_checkpoint"),
        ])
    func others(names: [String], kind: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.file("some.safetensors")
        try SafetensorsFile.write(names.map { StoredTensor(name: $0, shape: [2], floats: [1, 2]) }, to: path)
        let (status, report) = try json(path)
        #expect(status == 0 && report["kind"] as? String == kind)
        #expect(report["problem"] is String && report["sizes"] == nil)
        #expect((report["tensors"] as? [Any])?.count == names.count)
        #expect(try Program.run("inspect", path).status == 0)
    }

    @Test("lists a model that cannot be loaded, says why, and answers 1")
    func brokenModel() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("model.safetensors")
        let tensors = try SafetensorsFile(path: goldenCase("inference/v4_a") + "/model.safetensors").tensors
        try SafetensorsFile.write(tensors.filter { $0.name != "blocks.1.ln2.bias" }, to: path)
        let result = try Program.run("inspect", path)
        #expect(result.status == 1)
        #expect(result.errors.contains("blocks.1.ln2.bias") && result.output.contains("blocks.1.ln2.weight"))
        #expect(try json(path).status == 1)
    }

    @Test("answers a file that cannot be read with 1 and the reason")
    func unreadable() throws {
        let folder = try TemporaryFolder()
        try "version https://git-lfs.github.com/spec/v1".write(
            toFile: folder.file("model.pth"), atomically: true, encoding: .utf8)
        let result = try Program.run("inspect", folder.file("model.pth"))
        #expect(result.status == 1 && result.output.isEmpty && result.errors.contains("git lfs pull"))
        #expect(try Program.run("inspect", "/nowhere/model.pth").status == 1)
    }

    @Test("lets no name from a file move the terminal’s cursor")
    func controlCharacters() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("some.safetensors")
        try SafetensorsFile.write(
            [StoredTensor(name: "a\u{1B}[2Jb\nc", shape: [1], floats: [1])], metadata: ["k\u{1B}": "v\rw"], to: path)
        let result = try Program.run("inspect", path)
        #expect(result.status == 0)
        #expect(!result.output.contains("\u{1B}") && !result.output.contains("\r"))
        #expect(result.output.contains("a\\u{1B}[2Jb"))
    }
}
