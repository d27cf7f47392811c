import LanguageModels
import Tensors
import TestSupport
import Testing

// Recurrent networks have no mixes, which is what LoRA changes unless told otherwise.
private let names = architectures.map { $0.name }.filter { $0 != "rnn" && $0 != "lstm" }
private let namesWithMatrices = names.filter { $0 != "rwkv4" && $0 != "transformer" }

/// A tuning of small ranks.
private func tuning(_ method: Tuning.Method, _ change: (inout Tuning) -> Void = { _ in }) -> Tuning {
    var tuning = Tuning(method)
    tuning.lora.rank = 2
    tuning.lora.alpha = 3
    change(&tuning)
    return tuning
}

/// A tiny model that is being tuned, with what is learnt of order one.
private func tuned(_ architecture: String, _ tuning: Tuning, seed: UInt64 = 1) throws -> LanguageModel {
    let base = try tinyModel(architecture, groupNormEpsilon: 0.3, seed: seed)
    let model = try LanguageModel(loading: TensorsInMemory(tensors: base.tensors()), training: tuning)
    var random = RandomNumbers(seed: seed, stream: 5)
    for parameter in model.parameters where parameter.role == .adapter {
        let values = try #require(parameter.mutableFloats)
        for i in values.indices { values[i] = random.uniform(in: -1...1) }
    }
    return model
}

@Suite("Tuning a model")
struct TuningTests {
    @Test("LoRA's factors have the gradients of central differences", arguments: names)
    func loraGradients(architecture: String) throws {
        try expectGradients(architecture, tuning(.lora)) { $0.hasSuffix(".lora_A") || $0.hasSuffix(".lora_B") }
    }

    @Test("Two factors go with every matrix of the mixes, and what is named is trained besides", arguments: names)
    func loraParameters(architecture: String) throws {
        let model = try tuned(architecture, tuning(.lora) { $0.alsoTrained = [NamePattern("ln*")] })
        let matrices = model.parameters.filter { $0.role == .matrix && $0.name != "head.weight" }
        let factors = matrices.flatMap { matrix in
            ["A", "B"].map { matrix.name.replacing(".weight", with: "") + ".lora_\($0)" }
        }
        let norms = model.parameters.map(\.name).filter { $0.contains(".ln") || $0.hasPrefix("ln") }
        #expect(!norms.isEmpty)
        let trained = model.parameters.filter(\.isTrained).map(\.name)
        #expect(trained.sorted() == (factors + norms).sorted())
        #expect(model.tensors().allSatisfy { !$0.name.contains("lora") })
    }

    @Test("A tuned first state has the gradient of central differences", arguments: namesWithMatrices)
    func stateGradients(architecture: String) throws {
        try expectGradients(architecture, tuning(.state)) { $0.hasSuffix(".att.time_state") }
    }

    @Test("A text that goes on from elsewhere leaves the first state's gradient alone", arguments: namesWithMatrices)
    func laterText(architecture: String) throws {
        let model = try tuned(architecture, tuning(.state))
        let workspace = Workspace(threadCount: 1)
        let gradients = Gradients(model.parameters, in: workspace.buffers)
        let tape = Tape(on: workspace, gradients: gradients)
        tape.beginsWithFirstState = false
        var chunks = [SequenceChunk(tokens: someTokens(5), state: model.initialState(), wanted: .all)]
        _ = tape.crossEntropy(try model(&chunks, on: tape), someTokens(5))
        tape.backward()
        for parameter in model.parameters where parameter.isTrained {
            #expect(gradients[parameter].values.allSatisfy { $0 == 0 })
        }
    }

    @Test("Frozen weights have no gradient, and the others the one they have without", arguments: names)
    func frozen(architecture: String) throws {
        func gradients(_ tuning: Tuning) throws -> [String: [Float]] {
            let base = try tinyModel(architecture)
            let model = try LanguageModel(loading: TensorsInMemory(tensors: base.tensors()), training: tuning)
            let workspace = Workspace(threadCount: 1)
            let gradients = Gradients(model.parameters, in: workspace.buffers)
            _ = try loss(model, gradients, workspace)
            let trained = model.parameters.filter(\.isTrained)
            for parameter in model.parameters where !parameter.isTrained && parameter.role != .vector {
                #expect(gradients.wanted(parameter) == nil, "\(parameter.name)")
            }
            return Dictionary(uniqueKeysWithValues: trained.map { ($0.name, Array(gradients[$0].values)) })
        }
        let all = try gradients(.full)
        let some = try gradients(tuning(.full) { $0.frozen = [NamePattern("emb"), NamePattern("blocks.0.att")] })
        #expect(
            some.keys.sorted() == all.keys.filter { !$0.hasPrefix("emb") && !$0.hasPrefix("blocks.0.att") }.sorted())
        for (name, values) in some { #expect(values == all[name], "\(name)") }
    }

    @Test(
        "bfloat16 weights stay where they are under LoRA, and give the bits of the same weights widened",
        arguments: names)
    func halfWeights(architecture: String) throws {
        let base = try tinyModel(architecture).tensors().map { $0.converted(to: .bf16) }
        let workspace = Workspace(threadCount: 1)
        func gradients(_ tensors: [StoredTensor]) throws -> [[Float]] {
            let model = try LanguageModel(loading: TensorsInMemory(tensors: tensors), training: tuning(.lora))
            let gradients = Gradients(model.parameters, in: workspace.buffers)
            _ = try loss(model, gradients, workspace)
            if tensors[0].type == .bf16 {
                #expect(model.parameters.allSatisfy { $0.role != .matrix || $0.value.type == .bf16 })
            }
            return model.parameters.filter(\.isTrained).map { Array(gradients[$0].values) }
        }
        let wide = try gradients(base.map { $0.converted(to: .f32) })
        #expect(try gradients(base) == wide)
    }

    @Test("What cannot be tuned is refused")
    func refuses() throws {
        #expect(throws: ModelError.noStateToTune(architecture: "rwkv4")) { try tuned("rwkv4", tuning(.state)) }
        #expect(throws: ModelError.noStateToTune(architecture: "lstm")) { try tuned("lstm", tuning(.state)) }
        #expect(throws: ModelError.nothingToTrain) {
            try tuned("rwkv7", tuning(.full) { $0.frozen = [NamePattern("*")] })
        }
        let examples = ["emb.weight", "blocks.0.ln0.weight", "blocks.0.ln0.bias"]
        #expect(throws: ModelError.noSuchWeights(pattern: "attn", examples: examples)) {
            try tuned("rwkv7", tuning(.full) { $0.frozen = [NamePattern("attn")] })
        }
    }

    @Test(
        "Patterns mean names by their parts",
        arguments: [
            ("att", "blocks.0.att.key.weight", true), ("att", "blocks.0.attention.key.weight", false),
            ("blocks.1", "blocks.1.ln1.weight", true), ("blocks.1", "blocks.11.ln1.weight", false),
            ("blocks.2-11", "blocks.11.ln1.weight", true), ("blocks.2-11", "blocks.1.ln1.weight", false),
            ("ln*", "blocks.1.ln1.weight", true), ("ln*", "ln_out.bias", true), ("ln*", "blocks.1.att.ln_x.bias", true),
            ("*", "emb.weight", true), ("att.key", "blocks.0.att.key.weight", true),
            ("att.key", "blocks.0.ffn.key.weight", false), ("att.*.weight", "blocks.0.att.key.weight", true),
            ("time_*_k", "blocks.0.att.time_mix_k", true), ("time_*_k", "blocks.0.att.time_k", false),
            ("weight.x", "weight", false), ("", "emb.weight", false),
        ])
    func patterns(pattern: String, name: String, matches: Bool) {
        #expect(NamePattern(pattern).matches(name) == matches)
    }

    private func loss(_ model: LanguageModel, _ gradients: Gradients?, _ workspace: Workspace) throws -> Double {
        let tape = Tape(on: workspace, gradients: gradients)
        var chunks = [6, 19].map { count in
            SequenceChunk(tokens: someTokens(count, seed: UInt64(count)), state: model.initialState(), wanted: .all)
        }
        let loss = tape.crossEntropy(try model(&chunks, on: tape), someTokens(25, seed: 5))
        tape.backward()
        return loss
    }

    /// Of a few seeds and steps the best counts, as in `ArchitectureLawTests`.
    private func expectGradients(_ architecture: String, _ tuning: Tuning, _ learns: (String) -> Bool) throws {
        let workspace = Workspace(threadCount: 2)
        var least: [String: Double] = [:]
        for seed in UInt64(1)...8 where seed == 1 || least.values.contains(where: { $0 >= 1e-2 }) {
            let model = try tuned(architecture, tuning, seed: seed)
            let gradients = Gradients(model.parameters, in: workspace.buffers)
            _ = try loss(model, gradients, workspace)
            let read = model.parameters.filter { learns($0.name) }
            #expect(!read.isEmpty && read.map(\.name) == model.parameters.filter(\.isTrained).map(\.name))
            for step in [Float(3e-3), 1e-2, 3e-2] {
                least.merge(try gradientErrors(read, gradients, step: step) { try loss(model, nil, workspace) }) {
                    min($0, $1)
                }
            }
        }
        for (name, error) in least { #expect(error < 1e-2, "\(name)") }
    }
}
