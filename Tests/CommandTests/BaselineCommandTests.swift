import Foundation
import TestSupport
import Testing

@Suite("The architectures other than RWKV on the command line")
struct BaselineCommandTests {
    private let folder: TemporaryFolder
    private let names = ["rnn", "lstm", "transformer"]

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<200).map { "The \($0 % 7)th cat sat on the mat and saw \($0 * $0 % 11) birds.\n" }.joined()
        try text.write(toFile: folder.file("train.txt"), atomically: true, encoding: .utf8)
    }

    private func train(_ name: String) throws -> String {
        let output = folder.file(name)
        let result = try Program.run(
            "train", "--architecture", name, "--data", folder.file("train.txt"), "--tokenizer", "bytes", "--layers",
            "2",
            "--width", "32", "--context", "32", "--batch", "4", "--steps", "30", "--lr", "0.01", "--output", output)
        #expect(result.status == 0, "\(result.errors)")
        return output + "/model.safetensors"
    }

    @Test("are trained, inspected, run and converted", arguments: ["rnn", "lstm", "transformer"])
    func wholeWay(name: String) throws {
        let model = try train(name)
        let log = try String(contentsOfFile: folder.file(name) + "/log.jsonl", encoding: .utf8)
        let losses = log.split(separator: "\n").compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?["loss"] as? Double
        }
        #expect(losses.count == 30 && losses[29] < 0.8 * losses[0], "\(losses)")

        let inspected = try Program.run("inspect", model, "--json")
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any])
        #expect(report["architecture"] as? String == name)
        let sizes = try #require(report["sizes"] as? [String: Int])
        #expect((sizes["heads"] != nil) == (name == "transformer"))
        // Keys and values of two layers of width 32.
        #expect(report["state_bytes_per_token"] as? Int == (name == "transformer" ? 2 * 2 * 32 * 4 : 0))

        let generated = try Program.run(
            "generate", "--model", model, "--tokens", "100", "--seed", "1", "The ")
        #expect(generated.status == 0 && generated.output.utf8.count > 50, "\(generated.errors)")

        let copy = folder.file("copy.pth")
        #expect(try Program.run("convert", model, copy).status == 0)
        let logits = try [model, copy].map { path in
            let output = folder.file("logits.safetensors")
            let result = try Program.run("logits", "--model", path, "--tokens", "1,2,3", "--output", output)
            #expect(result.status == 0, "\(result.errors)")
            return try Data(contentsOf: URL(fileURLWithPath: output))
        }
        #expect(logits[0] == logits[1])

        for (file, format) in [("a.gguf", "GGUF"), ("a.bin", "rwkv.cpp")] {
            let refused = try Program.run("convert", model, folder.file(file))
            #expect(refused.status == 1)
            #expect(refused.errors.contains("“\(name)”") && refused.errors.contains(format), "\(refused.errors)")
        }
    }

    @Test("A width inside that they cannot have is refused")
    func refused() throws {
        let result = try Program.run(
            "train", "--architecture", "lstm", "--hidden", "64", "--data", folder.file("train.txt"), "--tokenizer",
            "bytes", "--width", "32", "--steps", "1", "--output", folder.file("run"))
        #expect(result.status == 1)
        #expect(result.errors.contains("hidden width is 64") && result.errors.contains("32"), "\(result.errors)")
    }
}
