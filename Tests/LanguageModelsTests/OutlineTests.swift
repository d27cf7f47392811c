import LanguageModels
import Tensors
import Testing

@Suite("The outline of a model")
struct OutlineTests {
    @Test("has the sizes, parameters and state of the model", arguments: architectures.map { $0.name })
    func same(architecture: String) throws {
        let model = try tinyModel(architecture)
        let source = TensorsInMemory(tensors: model.tensors())
        let outline = try LanguageModel(outlining: source)
        #expect(outline.configuration == model.configuration)
        #expect(outline.parameters.map(\.name) == model.parameters.map(\.name))
        #expect(outline.parameterCount == model.parameterCount)
        #expect(outline.stateLayout == model.stateLayout)
        #expect(outline.parameters.allSatisfy { ($0.value.floats() ?? [1]).allSatisfy { $0 == 0 } })
    }

    @Test("does not exist for tensors that are no model")
    func noModel() throws {
        let source = TensorsInMemory(tensors: [
            StoredTensor(name: "emb.weight", shape: [2, 3], floats: [Float](repeating: 0, count: 6))
        ])
        #expect(throws: ModelError.self) { try LanguageModel(outlining: source) }
    }
}
