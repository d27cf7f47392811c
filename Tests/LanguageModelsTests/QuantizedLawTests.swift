import LanguageModels
import Tensors
import TestSupport
import Testing

private let names = architectures.map { $0.name }
private let types = DataType.allCases.filter(\.isQuantized) + [.f16, .bf16]
private let levels = Kernels.Level.allCases.filter { Kernels($0) != nil }
private let vocabulary = 70

/// A model whose matrices have the given type, where their rows are whole blocks; the vectors are of order one.
private func model(_ architecture: String, _ type: DataType, forTraining: Bool = false) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: architecture, layerCount: 2, width: 256, vocabularySize: vocabulary)
    if configuration.hiddenWidth != configuration.width { configuration.hiddenWidth = 512 }
    configuration.ranks = configuration.ranks.mapValues { _ in 5 }
    var random = RandomNumbers(seed: 3)
    let model = try LanguageModel(configuration) { name, shape, role in
        let isMatrix = role == .matrix || role == .embedding
        // Larger numbers would make chaos of a recurrent network.
        if name.hasSuffix("weight_hh") {
            let floats = (0..<shape.count).map { _ in random.uniform(in: -0.05...0.05) }
            return StoredTensor(name: name, shape: shape, floats: floats).converted(to: type)
        }
        if isMatrix, type.isQuantized, shape.extents[1].isMultiple(of: type.blockLength) {
            return .randomBlocks(name, shape, type, seed: UInt64(random.below(1_000_000)))
        }
        let bound: Float = isMatrix ? 0.2 : 1
        let floats = (0..<shape.count).map { _ in random.uniform(in: -bound...bound) }
        let tensor = StoredTensor(name: name, shape: shape, floats: floats)
        return isMatrix && !type.isQuantized ? tensor.converted(to: type) : tensor
    }
    if !forTraining { return model }
    return try LanguageModel(loading: TensorsInMemory(tensors: model.tensors()), training: .full)
}

@Suite("Laws that models with narrow weights obey")
struct QuantizedLawTests {
    @Test(
        "Threads, chunks and neighbours change no bit, whatever the weights and the activations are",
        arguments: types, Precision.allCases)
    func raggedBatches(type: DataType, precision: Precision) throws {
        var random = RandomNumbers(seed: 11)
        for (index, name) in ["rwkv4", "rwkv7", "lstm", "transformer"].enumerated() {
            let model = try model(name, type)
            let texts = (0..<3).map { someTokens(5 + 40 * $0, below: vocabulary, seed: UInt64($0 + 10 * index)) }
            let alone = try texts.map { text in
                try feed(model, text, on: Workspace(threadCount: 1, precision: precision))
            }
            // Every step moves each text on by a random number of tokens, several texts together.
            let workspace = Workspace(threadCount: 3, precision: precision)
            var (states, read) = (texts.map { _ in model.initialState() }, texts.map { _ in 0 })
            var logits = texts.map { _ in [Float]() }
            while zip(read, texts).contains(where: { $0 < $1.count }) {
                let members = texts.indices.filter { read[$0] < texts[$0].count && random.below(3) > 0 }
                if members.isEmpty { continue }
                var chunks = members.map { member in
                    let end = min(texts[member].count, read[member] + 1 + random.below(30))
                    return SequenceChunk(
                        tokens: Array(texts[member][read[member]..<end]), state: states[member], wanted: .all)
                }
                var rows = try model(&chunks, on: Tape(on: workspace)).values[...]
                for (member, chunk) in zip(members, chunks) {
                    states[member] = chunk.state
                    read[member] += chunk.tokens.count
                    logits[member] += rows.prefix(chunk.tokens.count * vocabulary)
                    rows = rows.dropFirst(chunk.tokens.count * vocabulary)
                }
            }
            for member in texts.indices {
                #expect(logits[member] == alone[member].logits)
                #expect(numbers(states[member]) == numbers(alone[member].state))
                #expect(logits[member].allSatisfy { $0.isFinite })
            }
        }
    }

    @Test("Exact activations give the logits of the weights as floats", arguments: names, [DataType.q4_0, .q6_K, .f16])
    func exact(architecture: String, type: DataType) throws {
        let tokens = someTokens(9, below: vocabulary)
        let narrow = try feed(model(architecture, type), tokens, on: Workspace(threadCount: 1)).logits
        let wide = try feed(model(architecture, type, forTraining: true), tokens, on: Workspace(threadCount: 1)).logits
        let scale = wide.map(abs).max() ?? 0
        let largest = zip(narrow, wide).map { abs($0 - $1) }.max() ?? .infinity
        #expect(largest < 1e-3 * scale)
    }

    @Test("Quantised products have the same bits at every level of kernels", arguments: types.filter(\.isQuantized))
    func kernelLevels(type: DataType) throws {
        let matrix = StoredTensor.randomBlocks("w", [70, 512], type, seed: 2)
        let parameter = Parameter(
            index: 0, name: "w", shape: [70, 512], role: .matrix, learningRateScale: 1, value: matrix)
        func product(_ level: Kernels.Level) throws -> [Float] {
            let workspace = Workspace(threadCount: 2, kernels: try #require(Kernels(level)), precision: .fast)
            var random = RandomNumbers(seed: 8)
            let input = Tensor([67, 512], in: workspace.buffers)
            for i in input.mutableValues.indices { input.mutableValues[i] = random.uniform(in: -2...2) }
            return Array(Tape(on: workspace).linear(input, parameter).values)
        }
        let scalar = try product(.scalar)
        for level in levels {
            let found = try product(level)
            #expect(found == scalar, "\(level)")
        }
    }
}
