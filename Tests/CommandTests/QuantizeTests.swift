import Checkpoints
import Foundation
import RWKV
import TestSupport
import Testing

private let story = String(
    repeating: "Once upon a time there was a small cat. It liked to sit in the sun and look at birds. ", count: 12)

@Suite("rwkv quantize")
struct QuantizeTests {
    private struct Report: Decodable {
        struct Row: Decodable {
            let weights: String
            let bytes: Int
            let kl_divergence: Double
            let fast_kl_divergence: Double
            let perplexity: Double
            let same_best_token: Double
        }
        let tokens: Int
        let results: [Row]
    }

    @Test("writes a model of the size asked for, which the program reads with its tokenizer, and reports on it")
    func auto() throws {
        let folder = try TemporaryFolder()
        let (text, output) = (folder.file("text.txt"), folder.file("small.gguf"))
        try story.write(toFile: text, atomically: true, encoding: .utf8)
        let run = try Program.run(
            "quantize", "built-in", output, "--type", "auto", "--size", "5.2MB", "--text", text, "--auto-tokens", "48",
            "--report", text, "--report-tokens", "96", "--json")
        #expect(run.status == 0, "\(run.errors)")
        let report = try JSONDecoder().decode(Report.self, from: Data(run.output.utf8))
        #expect(report.tokens == 96)
        let rows = Dictionary(uniqueKeysWithValues: report.results.map { ($0.weights, $0) })
        let (chosen, original) = (try #require(rows[output]), try #require(rows["original"]))
        #expect(original.kl_divergence == 0 && original.same_best_token == 1)
        #expect(chosen.bytes <= 5_200_000 && chosen.bytes > 5_000_000)
        // A choice per matrix on the very text must beat one type for all that takes as much.
        #expect(chosen.kl_divergence < (rows["q5_k"]?.kl_divergence ?? 0))
        #expect(chosen.kl_divergence > 0 && chosen.fast_kl_divergence > 0)
        let order = ["q8_0", "q6_k", "q5_k", "q4_k"].compactMap { rows[$0]?.kl_divergence }
        #expect(order.count == 4 && order == order.sorted())

        let generated = try Program.run("generate", "--model", output, "--tokens", "8", "--seed", "1", "Once upon")
        #expect(generated.status == 0 && generated.output.hasPrefix("Once upon a time"), "\(generated.errors)")
        let types = Set(try CheckpointFile.open(path: output).tensors.map(\.type))
        #expect(types.filter(\.isQuantized).count > 1)
    }

    @Test("writes what rwkv.cpp holds: blocks of 32, embedding and head in full")
    func rwkvCpp() throws {
        let folder = try TemporaryFolder()
        let output = folder.file("small.bin")
        #expect(try Program.run("quantize", "built-in", output, "--type", "q5_1").status == 0)
        let types = Dictionary(
            uniqueKeysWithValues: try CheckpointFile.open(path: output).tensors.map { ($0.name, $0.type) })
        #expect(types["emb.weight"] == .f32 && types["head.weight"] == .f32)
        #expect(types["blocks.0.ffn.key.weight"] == .q5_1 && types["blocks.4.att.output.weight"] == .q5_1)
    }

    @Test(
        "says what is wrong with a wish",
        arguments: [
            ([], "name an output"), (["out.gguf"], "--type is missing"),
            (["out.pth", "--type", "q4_0"], ".gguf or .bin"),
            (["out.bin", "--type", "q4_k"], "cannot hold q4_k"), (["out.gguf", "--type", "auto"], "needs --size"),
            (["out.gguf", "--type", "auto", "--bits", "5"], "needs --text"),
            (["out.gguf", "--type", "auto", "--size", "5MB", "--bits", "5", "--text", "t"], "exclude each other"),
            (["out.gguf", "--type", "q4_0", "--bits", "5"], "are for --type auto"),
            (["out.gguf", "--type", "f16"], "invalid"),
        ])
    func wrongUsage(arguments: [String], message: String) throws {
        let run = try Program.run(["quantize", "built-in"] + arguments)
        #expect(run.status == 64)
        #expect(run.errors.contains(message), "\(run.errors)")
    }

    @Test("says what a model needs at least")
    func tooSmall() throws {
        let folder = try TemporaryFolder()
        let text = folder.file("text.txt")
        try story.write(toFile: text, atomically: true, encoding: .utf8)
        let run = try Program.run(
            "quantize", "built-in", folder.file("x.gguf"), "--type", "auto", "--size", "1MB", "--text", text,
            "--auto-tokens", "2")
        #expect(run.status == 1)
        #expect(run.errors.contains("asked to fit into 1000000 bytes") && run.errors.contains("it needs 4541440"))
        #expect(!FileManager.default.fileExists(atPath: folder.file("x.gguf")))
    }
}
