import Foundation
import TestSupport
import Testing

@Suite("What a run's folder shows")
struct RunReportTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<300).map { "The \($0 % 7)th cat sat on the mat and saw \($0 * $0 % 11) birds.\n" }.joined()
        try text.write(toFile: folder.file("train.txt"), atomically: true, encoding: .utf8)
    }

    private func train(_ output: String, _ more: String...) throws {
        let arguments = [
            "train", "--data", folder.file("train.txt"), "--valid", folder.file("train.txt"), "--tokenizer", "bytes",
            "--architecture", "rwkv7", "--layers", "2", "--width", "32", "--context", "32", "--batch", "2", "--steps",
            "12",
            "--dropout", "0.1", "--warmup", "2", "--valid-every", "6", "--output", folder.file(output),
        ]
        let run = try Program.run(arguments + more)
        try #require(run.status == 0, "\(run.errors)")
    }

    private func read(_ output: String, _ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: folder.file(output) + "/" + name))
    }

    @Test("a page with all curves and the decay of each layer, every setting, and samples")
    func report() throws {
        try train("run", "--save-every", "0", "--sample-prompt", "The cat", "--sample-tokens", "12")
        let html = String(decoding: try read("run", "report.html"), as: UTF8.self)
        for part in [
            "Loss", "Validation", "Learning rate", "Gradient norm", "Speed", "Decay", "half-life (tokens)", "layer 0",
            "layer 1", "After step 12", "The cat", "Configuration", "sample_prompt", "weight",
        ] {
            #expect(html.contains(part), "\(part)")
        }
        #expect(html.components(separatedBy: "<figure").count == 7)
        for address in ["https://", "src=", "href=", "url("] { #expect(!html.contains(address), "\(address)") }
        let config = try #require(
            try JSONSerialization.jsonObject(with: read("run", "config.json")) as? [String: Any])
        let options = try #require(config["training"] as? [String: Any])
        #expect(options["batchSize"] as? Int == 2 && options["stepCount"] as? Int == 12)
        #expect((config["model"] as? [String: Any])?["architecture"] as? String == "rwkv7")
        let notes = try #require(config["notes"] as? [String: String])
        #expect(notes["command"]?.contains("--sample-prompt The cat") == true && notes["validation_interval"] == "6")
        #expect(notes["data"]?.hasSuffix("train.txt") == true)
    }

    @Test("samples change nothing of the training, are the same for the same run, and go on when it is resumed")
    func samples() throws {
        try train("plain", "--sample-tokens", "0")
        try train("sampled", "--sample-tokens", "20", "--save-every", "0")
        #expect(try read("plain", "model.safetensors") == read("sampled", "model.safetensors"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("plain") + "/samples.jsonl"))
        try train("again", "--sample-tokens", "20")
        func last(_ run: String) throws -> String {
            let lines = String(decoding: try read(run, "samples.jsonl"), as: UTF8.self).split(separator: "\n")
            return String(try #require(lines.last))
        }
        #expect(try last("sampled") == last("again") && last("again").contains("\"step\":12"))
        // A sample of a step that a resumed run has not reached is not its own.
        let path = folder.file("again") + "/samples.jsonl"
        let own = try last("again")
        try (own + "\n{\"prompt\":\"\",\"step\":13,\"text\":\"x\"}\nhalf a li").write(
            toFile: path, atomically: true, encoding: .utf8)
        #expect(try Program.run("train", "--output", folder.file("again"), "--resume").status == 0)
        #expect(String(decoding: try read("again", "samples.jsonl"), as: UTF8.self) == own + "\n")
    }
}
