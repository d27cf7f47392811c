import Foundation
import TestSupport
import Testing

@Suite("rwkv compare")
struct CompareCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let text = (0..<400).map { "The \($0 % 7)th cat sat on the mat and saw \($0 * $0 % 11) birds.\n" }.joined()
        try text.write(toFile: folder.file("text.txt"), atomically: true, encoding: .utf8)
    }

    private func compare(_ arguments: String...) throws -> Program.Result {
        try Program.run(
            [
                "compare", "--data", folder.file("text.txt"), "--output", folder.file("out"), "--quick",
                "--architectures", "rnn,rwkv4", "--parameters", "30000", "--layers", "1", "--context", "32",
            ] + arguments)
    }

    @Test("trains and measures what is asked for, and does not do it twice")
    func parts() throws {
        let first = try compare("--tokens", "4000", "--only", "training,positions", "--json")
        #expect(first.status == 0, "\(first.errors)")
        let report = try #require(JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])
        let models = try #require(report["models"] as? [[String: Any]])
        #expect(models.count == 2)
        for model in models {
            let training = try #require(model["training"] as? [String: Any])
            #expect(training["tokens"] as? Int == 4096)
            #expect((model["positions"] as? [Any])?.isEmpty == false)
            #expect(model["generation"] == nil && model["recall"] == nil)
        }
        #expect(FileManager.default.fileExists(atPath: folder.file("out") + "/report.html"))
        #expect(FileManager.default.fileExists(atPath: folder.file("out") + "/rnn/model.safetensors"))
        let again = try compare("--tokens", "4000", "--only", "training,positions,reach", "--json")
        #expect(again.status == 0 && again.errors.contains("rnn, reach") && !again.errors.contains("training:"))
        let other = try compare("--tokens", "8000")
        #expect(other.status == 1 && other.errors.contains("another budget"), "\(other.errors)")
    }

    @Test(
        "refuses what it does not know",
        arguments: [["--only", "speed"], ["--lr", "-1"], ["--tokens", "5", "--minutes", "1"]])
    func refuses(arguments: [String]) throws {
        let result = try Program.run(
            ["compare", "--data", folder.file("text.txt"), "--output", folder.file("out")] + arguments)
        #expect(result.status == 64, "\(result.errors)")
    }
}
