import Foundation
import RWKV
import TestSupport
import Testing

private let cases =
    ["v4_a", "v4_b", "v5_0_a", "v5_1_a", "v5_2_a", "v5_2_b", "v6_a", "v6_b", "v7_a", "v7_b"].map { "inference/\($0)" }
    + ["4v0-660K", "7v0-834K"].map { "real/\($0)" } + ["v4", "v5_2", "v6", "v7"].map { "training/\($0)" }
    + [
        "gguf", "init", "optional_v7a_deepembed", "sampling", "tokenizers", "state_tuning/v6", "state_tuning/v7",
        "lora/v7",
    ]

@Suite("rwkv verify")
struct VerifyTests {
    @Test(
        "passes the golden cases of the official implementations",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"), arguments: cases)
    func passes(name: String) throws {
        let result = try Program.run("verify", "\(sharedFolder)/fixtures/\(name)")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.hasPrefix("ok  "))
    }

    @Test("passes them at every level of kernels", arguments: ["scalar", "avx2", "avx512", "neon"])
    func levels(level: String) throws {
        // A level that the machine lacks falls back to its best.
        let versions = ["v4_a", "v5_0_a", "v5_1_a", "v5_2_a", "v6_a", "v7_a"].map { goldenCase("inference/\($0)") }
        let result = try Program.run(
            ["verify", goldenCase("training/v4")] + versions, environment: ["RWKV_KERNELS": level])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
        "passes those of training at every level",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"), arguments: ["scalar", "avx2"])
    func trainingLevels(level: String) throws {
        let versions = ["v5_2", "v6", "v7"].map { "\(sharedFolder)/fixtures/training/\($0)" }
        let result = try Program.run(["verify"] + versions, environment: ["RWKV_KERNELS": level])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
        "passes PyTorch's cases of the baselines at every level of kernels",
        arguments: ["scalar", "avx2", "avx512", "neon"])
    func baselines(level: String) throws {
        let folders = ["inference", "training"].map { "\(packageFolder)/Tests/Fixtures/baselines/\($0)" }
        let result = try Program.run(["verify"] + folders, environment: ["RWKV_KERNELS": level])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 6)
    }

    @Test("takes the cases in a folder that is none itself")
    func folder() throws {
        let result = try Program.run("verify", packageFolder + "/Tests/Fixtures/inference")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let names = result.output.split(separator: "\n").map {
            $0.split(separator: " ").dropFirst().first.map(String.init)
        }
        #expect(names == ["v4_a", "v5_0_a", "v5_1_a", "v5_2_a", "v6_a", "v7_a"].map { "inference/\($0)" })
    }

    @Test("fails a case whose expected numbers are other ones, and one that is no case")
    func fails() throws {
        let folder = try TemporaryFolder()
        let good = goldenCase("inference/v4_a")
        for name in ["case.json", "expected.safetensors", "model.safetensors"] {
            try FileManager.default.copyItem(atPath: "\(good)/\(name)", toPath: folder.file(name))
        }
        #expect(try Program.run("verify", folder.path).status == 0)
        var expected = try Data(contentsOf: URL(fileURLWithPath: folder.file("expected.safetensors")))
        let headerLength = expected.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        // The exponent of the first logit.
        expected[8 + headerLength + 3] ^= 0x01
        try expected.write(to: URL(fileURLWithPath: folder.file("expected.safetensors")))
        let changed = try Program.run("verify", folder.path, good)
        #expect(changed.status == 1)
        #expect(changed.output.contains("FAIL") && changed.output.contains("ok  "))
        #expect(try Program.run("verify", folder.path + "/nothing").status == 1)
    }

    /// What a damaged case lacks: a pattern of its case.json and what stands there instead.
    @Test(
        "fails a case that lacks what it should be compared with",
        arguments: [
            ("inference/v4_a", #""tokens":\s*\[[^\]]*\]"#, #""tokens": []"#),
            ("training/v4", #""betas":\s*\[[^\]]*\]"#, #""betas": []"#),
            ("training/v4", #""lr_per_step":\s*\[[^\]]*\]"#, #""lr_per_step": [0.001]"#),
            ("training/v4", #""losses_clip1":\s*\[[^\]]*\]"#, #""losses_clip1": []"#),
            ("training/v4", #""grad_norms_noclip":\s*\[[^\]]*\]"#, #""grad_norms_noclip": [1, 1, 1]"#),
        ])
    func damaged(name: String, pattern: String, replacement: String) throws {
        let folder = try copy(of: name)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/case.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacingOccurrences(of: pattern, with: replacement, options: .regularExpression)
        #expect(changed != text)
        try Data(changed.utf8).write(to: URL(fileURLWithPath: path))
        let result = try Program.run("verify", folder)
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("FAIL"), "\(result.output)\(result.errors)")
    }

    @Test("fails a training case whose expected weights are not all there", arguments: ["lost", "cut off"])
    func lostWeights(how: String) throws {
        let folder = try copy(of: "training/v4")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/params_after3.safetensors"
        var tensors = try SafetensorsFile(path: path).tensors.map { tensor in
            StoredTensor(name: tensor.name, shape: tensor.shape, floats: tensor.floats() ?? [])
        }
        let last = tensors.removeLast()
        if how == "cut off" { tensors.append(StoredTensor(name: last.name, shape: [1], floats: [0] as [Float])) }
        try SafetensorsFile.write(tensors, to: path)
        let result = try Program.run("verify", folder)
        #expect(result.status == 1)
        #expect(result.output.contains("params_after3"), "\(result.output)\(result.errors)")
    }

    @Test(
        "fails recorded runs whose logits, tokens or texts are other ones",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"),
        arguments: ["output", "chosen", "adjusted_logits", "logits_stream"])
    func recordedRuns(field: String) throws {
        let folder = try copy(from: "\(sharedFolder)/fixtures/sampling")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let url = URL(fileURLWithPath: folder + "/generate.json")
        var all = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
        var runs = try #require(all["runs"] as? [[String: Any]])
        switch runs[0][field] {
        case let text as String: runs[0][field] = String(text.dropLast(4))
        case let list as [Any]: runs[0][field] = Array(list.dropLast())
        default: Issue.record("generate.json has no \(field)")
        }
        all["runs"] = runs
        try JSONSerialization.data(withJSONObject: all).write(to: url)
        let result = try Program.run("verify", folder)
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("FAIL"), "\(result.output)\(result.errors)")
    }

    private func copy(of name: String) throws -> String { try copy(from: goldenCase(name)) }

    private func copy(from source: String) throws -> String {
        let target = NSTemporaryDirectory() + "rwkv-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.copyItem(atPath: source, toPath: target)
        for file in try FileManager.default.contentsOfDirectory(atPath: target) {
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: target + "/" + file)
        }
        return target
    }
}
