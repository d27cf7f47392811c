import LanguageModels
import Tensors
import Testing

/// The standard deviation of a parameter's first values, and their largest size.
private func spread(_ parameter: Parameter) throws -> (deviation: Double, largest: Double) {
    let values = try #require(parameter.value.floats()).map(Double.init)
    let squares = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
    return (squares.squareRoot(), values.map(abs).max() ?? 0)
}

@Suite("A fresh model of another architecture than RWKV begins as its references begin")
struct BaselineInitializationTests {
    @Test("RNN and LSTM uniform in ±1/√C, as PyTorch's", arguments: ["rnn", "lstm"])
    func recurrent(architecture: String) throws {
        let width = 256
        let model = try LanguageModel(
            initializing: ModelConfiguration(
                architecture: architecture, layerCount: 2, width: width, vocabularySize: 200), seed: 2)
        // Embedding, head, and two matrices and two biases in each layer: no norms.
        #expect(model.parameters.count == 2 + 2 * 4)
        let bound = 1 / Double(width).squareRoot()
        for parameter in model.parameters {
            let found = try spread(parameter)
            if parameter.name == "emb.weight" {
                #expect(abs(found.deviation - 1) < 0.03)
            } else {
                #expect(found.largest <= bound && found.largest > 0.9 * bound, "\(parameter.name)")
                #expect(abs(found.deviation / (bound / 3.0.squareRoot()) - 1) < 0.12, "\(parameter.name)")
            }
        }
    }

    @Test("the Transformer normal with 0.02, and 0.02/√(2L) where it adds to the residual stream, as GPT-2")
    func transformer() throws {
        let model = try LanguageModel(
            initializing: ModelConfiguration(
                architecture: "transformer", layerCount: 8, width: 64, vocabularySize: 200), seed: 2)
        #expect(model.configuration.headSize == 64 && model.configuration.hiddenWidth == 256)
        var seen = 0
        for parameter in model.parameters {
            let found = try spread(parameter)
            if parameter.role == .vector {
                let isScale = parameter.name.contains("ln") && parameter.name.hasSuffix("weight")
                #expect(parameter.value.floats()?.allSatisfy { $0 == (isScale ? 1 : 0) } == true, "\(parameter.name)")
            } else {
                seen += 1
                let adds = ["att.output.weight", "ffn.value.weight"].contains { parameter.name.hasSuffix($0) }
                #expect(abs(found.deviation / (adds ? 0.02 / 4 : 0.02) - 1) < 0.05, "\(parameter.name)")
            }
        }
        #expect(seen == 2 + 8 * 6)
    }

    @Test("sizes that an architecture cannot have are refused")
    func sizes() {
        func make(_ architecture: String, hidden: Int? = nil, headSize: Int? = nil) throws {
            _ = try LanguageModel(
                initializing: ModelConfiguration(
                    architecture: architecture, layerCount: 1, width: 12, hiddenWidth: hidden, vocabularySize: 5,
                    headSize: headSize), seed: 1)
        }
        for name in ["rnn", "lstm"] {
            #expect(throws: ModelError.self) { try make(name, hidden: 24) }
            #expect(throws: ModelError.self) { try make(name, headSize: 4) }
        }
        #expect(throws: ModelError.self) { try make("transformer", headSize: 3) }
    }

    @Test("a saved cache of a Transformer must have as many rows in every slot")
    func raggedCache() throws {
        let model = try tinyModel("transformer")
        let state = try feed(model, [1, 2, 3], on: Workspace(threadCount: 1)).state
        var tensors = state.tensors()
        #expect(tensors.allSatisfy { $0.shape == [3, 8] })
        #expect(state.byteCount == 4 * 3 * 8 * 4 && state.cachedTokenCount == 3)
        #expect(try model.state(loading: tensors).cachedTokenCount == 3)
        let last = tensors[3]
        tensors[3] = StoredTensor(name: last.name, shape: [2, 8], floats: (last.floats() ?? []).prefix(16))
        #expect(throws: ModelError.stateMismatch(slot: "state.3", expected: [3, 8], found: [2, 8])) {
            try model.state(loading: tensors)
        }
        #expect(throws: ModelError.stateMismatch(slot: "state.0", expected: [1, 8], found: nil)) {
            try model.state(loading: [])
        }
    }

    @Test("copies of a cache go their own ways from the middle of a page")
    func forks() throws {
        let model = try tinyModel("transformer")
        let workspace = Workspace(threadCount: 1)
        // 70 tokens: one page is full, one is begun.
        let start = someTokens(70)
        let (a, b) = (someTokens(9, seed: 1), someTokens(9, seed: 2))
        let shared = try feed(model, start, on: workspace).state
        let before = numbers(shared)
        let first = try feed(model, a, from: shared, on: workspace)
        let second = try feed(model, b, from: shared, on: workspace)
        #expect(first.logits == Array(try feed(model, start + a, on: workspace).logits.dropFirst(70 * 11)))
        #expect(second.logits == Array(try feed(model, start + b, on: workspace).logits.dropFirst(70 * 11)))
        #expect(numbers(shared) == before)
        // The second has written where the first has: neither may have met the other's rows.
        let further = try feed(model, [3, 4], from: first.state, on: workspace).logits
        #expect(further == Array(try feed(model, start + a + [3, 4], on: workspace).logits.dropFirst(79 * 11)))
    }
}
