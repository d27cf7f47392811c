import Foundation
import RWKV
import Testing

@Suite("The documentation's examples", .serialized)
struct ExampleTests {
    private static let catalogue = "Sources/RWKV/RWKV.docc/"

    @Test(
        "are those that are compiled here",
        arguments: [
            ("README.md", 2), ("README.zh-CN.md", 2), (catalogue + "RWKV.md", 1), (catalogue + "RunningModels.md", 1),
            (catalogue + "TrainingModels.md", 1),
        ])
    func compiled(path: String, count: Int) throws {
        let compiled = try trimmedLines(
            String(contentsOf: root.appendingPathComponent("Tests/DocumentationTests/Examples.swift"), encoding: .utf8))
        let blocks = try Page(path).blocks.filter { $0.info == ["swift"] }
            .map { trimmedLines($0.code).filter { $0 != "import RWKV" && $0 != "import Foundation" } }
        #expect(blocks.count == count)
        for block in blocks {
            let isThere = compiled.indices.contains { compiled[$0...].starts(with: block) }
            #expect(!block.isEmpty && isThere, "\(path): \(block.first ?? "")")
            #expect(block.count <= 20)
        }
    }

    @Test("of serving are compiled too")
    func serving() throws {
        let compiled = try trimmedLines(
            String(contentsOf: root.appendingPathComponent("Tests/DocumentationTests/Examples.swift"), encoding: .utf8))
        let document = try String(contentsOf: root.appendingPathComponent("Docs/serving.md"), encoding: .utf8)
        let blocks = document.components(separatedBy: "```swift\n").dropFirst()
            .map { trimmedLines($0.components(separatedBy: "```")[0]) }
        #expect(blocks.count == 2)
        for block in blocks {
            #expect(compiled.indices.contains { compiled[$0...].starts(with: block) }, "\(block.first ?? "")")
        }
    }

    @Test("train a model that learns, and write with it")
    func training() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rwkv-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let text = String(repeating: "the cat sat on the mat. ", count: 200)
        try text.write(to: folder.appendingPathComponent("input.txt"), atomically: true, encoding: .utf8)
        // The example's steps, fewer of them, of a smaller model.
        let tokenizer = ByteTokenizer()
        let sizes = ModelConfiguration(
            architecture: "rwkv7", layerCount: 2, width: 64, vocabularySize: tokenizer.vocabularySize)
        let model = try LanguageModel(initializing: sizes, seed: 1, learningRate: 2e-3)
        var options = TrainingOptions()
        options.contextLength = 64
        options.stepCount = 200
        options.schedule.warmupSteps = 5
        let trainer = try Trainer(model, options, tokens: tokenizer.encode(text), on: Workspace(threadCount: 2))
        var losses: [Double] = []
        while trainer.stepsDone < options.stepCount { losses.append(try trainer.step().loss) }
        #expect(losses.suffix(5).reduce(0, +) / 5 < 0.3 * losses[0])

        let path = folder.appendingPathComponent("model.safetensors").path
        try SafetensorsFile.write(model.tensors(), to: path)
        var generator = Generator(try LanguageModel(contentsOf: path), tokenizer)
        generator.parameters.temperature = 0
        var written = ""
        for try await text in generator.stream("the cat ", maximumTokens: 15) { written += text }
        #expect(written == "sat on the mat.")
    }
}
