import Foundation
import TestSupport
import Testing

@Suite("rwkv explain")
struct ExplainTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("writes a page about the model inside")
    func page() throws {
        let output = folder.file("page.html")
        let result = try Program.run("explain", "--text", "Tom had a red ball. <b>", "--output", output)
        #expect(result.status == 0 && result.errors.contains("page.html"), "\(result.errors)")
        let page = try String(contentsOfFile: output, encoding: .utf8)
        #expect(page.contains("still carries") && page.contains("The head: what comes next"))
        #expect(page.contains("Tom") && !page.contains("<b>"))
        #expect(page.utf8.count < 3_000_000)
    }

    @Test("prints the numbers, and chooses layer, head and position")
    func json() throws {
        let result = try Program.run(
            "explain", "built-in", "--text", "Tom had a red ball", "--layer", "1", "--head", "2", "--position", "3",
            "--json")
        #expect(result.status == 0, "\(result.errors)")
        let found = try object(result.output)
        #expect(found["layer"] as? Int == 1 && found["head"] as? Int == 2 && found["position"] as? Int == 3)
        let tokens = try #require(found["tokens"] as? [[String: Any]])
        #expect(tokens.compactMap { $0["text"] as? String }.joined() == "Tom␣had␣a␣red␣ball")
        for layer in try #require(found["layers"] as? [[String: Any]]) {
            #expect(try #require(layer["attentionError"] as? Double) < 1e-4)
        }
    }

    @Test("reads a model's file; an RNN has a smaller page")
    func file() throws {
        let text = folder.file("text.txt")
        try String(repeating: "The cat sat on the mat. ", count: 50).write(
            toFile: text, atomically: true, encoding: .utf8)
        let trained = try Program.run(
            "train", "--architecture", "rnn", "--data", text, "--tokenizer", "bytes", "--layers", "1", "--width", "16",
            "--context", "16", "--steps", "2", "--output", folder.file("run"))
        #expect(trained.status == 0, "\(trained.errors)")
        let output = folder.file("rnn.html")
        let result = try Program.run(
            "explain", folder.file("run") + "/model.safetensors", "--text", "The cat", "--output", output)
        #expect(result.status == 0, "\(result.errors)")
        let page = try String(contentsOfFile: output, encoding: .utf8)
        #expect(page.contains("Hidden state") && !page.contains("still carries"))
    }

    @Test("says what is wrong")
    func errors() throws {
        let long = try Program.run("explain", "--text", String(repeating: "red ball ", count: 100))
        #expect(long.status == 1 && long.errors.contains("at most 64"), "\(long.errors)")
        let layer = try Program.run("explain", "--text", "Tom", "--layer", "99")
        #expect(layer.status == 1 && layer.errors.contains("no layer 99"), "\(layer.errors)")
        let missing = try Program.run("explain", folder.file("none.pth"), "--text", "Tom")
        #expect(missing.status == 1 && missing.errors.contains("none.pth"), "\(missing.errors)")
        #expect(try Program.run("explain", "--text", "").status == 64)
        #expect(try Program.run("explain", "--text", "Tom", "--position", "-1").status == 64)
        let folderless = try Program.run("explain", "--text", "Tom", "--output", folder.file("no/page.html"))
        #expect(folderless.status == 1, "\(folderless.errors)")
    }
}
