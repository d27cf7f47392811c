import LanguageModels
import Tensors
import Testing

@Suite("Files of RWKV-7 differ in what no formula reads")
struct RWKV7FileTests {
    private let names = ["v0", "v1", "v2"].map { "blocks.0.att.\($0)" }

    @Test("With v0, v1 and v2 in the first block, they are kept as they are, whatever their shape")
    func kept() throws {
        let tensors = try tinyModel("rwkv7").tensors()
        #expect(Set(names).isSubset(of: tensors.map(\.name)))
        let odd = tensors.map {
            $0.name == names[1] ? StoredTensor(name: $0.name, shape: [2, 2], floats: [1, 2, 3, 4]) : $0
        }
        let model = try LanguageModel(loading: TensorsInMemory(tensors: odd))
        #expect(model.tensors().first { $0.name == names[1] }?.floats() == [1, 2, 3, 4])
    }

    @Test("Without them, the model is the same and its file has none")
    func absent() throws {
        let whole = try tinyModel("rwkv7")
        let fewer = whole.tensors().filter { !names.contains($0.name) }
        let model = try LanguageModel(loading: TensorsInMemory(tensors: fewer))
        let workspace = Workspace(threadCount: 1)
        #expect(
            try feed(model, someTokens(5), on: workspace).logits == feed(whole, someTokens(5), on: workspace).logits)
        #expect(model.tensors().count == fewer.count)
    }

    @Test("In the other blocks they are needed")
    func needed() throws {
        let fewer = try tinyModel("rwkv7").tensors().filter { $0.name != "blocks.1.att.v0" }
        #expect(throws: ParameterError.missingTensor(name: "blocks.1.att.v0")) {
            _ = try LanguageModel(loading: TensorsInMemory(tensors: fewer))
        }
    }

    @Test("Ranks that differ from each other are read from the shapes")
    func ranks() throws {
        var configuration = ModelConfiguration(
            architecture: "rwkv7", layerCount: 2, width: 8, vocabularySize: 11, headSize: 2)
        configuration.ranks = ["w": 1, "a": 2, "v": 3, "g": 5]
        let model = try LanguageModel(initializing: configuration, seed: 1)
        #expect(try LanguageModel(loading: TensorsInMemory(tensors: model.tensors())).configuration == configuration)
    }
}
