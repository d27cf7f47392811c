import Foundation
import RWKV
import Testing

/// The package's folder.
private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// The lines of a text without what they are indented by, and without empty ones.
private func lines(_ text: some StringProtocol) -> [String] {
    text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
}

@Suite("The documentation's examples", .serialized)
struct ExampleTests {
    @Test("are those that are compiled here", arguments: ["README.md", "README.zh-CN.md"])
    func compiled(name: String) throws {
        let compiled = try lines(
            String(contentsOf: root.appendingPathComponent("Tests/DocumentationTests/Examples.swift"), encoding: .utf8))
        let document = try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
        let blocks = document.components(separatedBy: "```swift\n").dropFirst()
            .map {
                lines($0.components(separatedBy: "```")[0]).filter { $0 != "import RWKV" && $0 != "import Foundation" }
            }
        #expect(blocks.count == 2)
        for block in blocks {
            let isThere = compiled.indices.contains { compiled[$0...].starts(with: block) }
            #expect(isThere, "\(name): \(block.first ?? "")")
        }
        let training = try #require(blocks.last)
        #expect(training.count <= 20)
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
