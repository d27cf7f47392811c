import Checkpoints
import Foundation
import LanguageModels
import Tensors
import Testing
import Training

private let text: [Int32] = (0..<900).map { Int32($0 * $0 % 13) }

private func base(_ architecture: String) throws -> TensorList {
    let configuration = ModelConfiguration(
        architecture: architecture, layerCount: 2, width: 24, vocabularySize: 13, headSize: 8)
    var tensors = try LanguageModel(initializing: configuration, seed: 3).tensors()
    // Some initial weights are zero, and would hide what goes through them.
    var random = RandomNumbers(seed: 7)
    tensors = tensors.map { tensor in
        StoredTensor(
            name: tensor.name, shape: tensor.shape,
            floats: (tensor.floats() ?? []).map { $0 + random.uniform(in: -0.1...0.1) })
    }
    return TensorList(tensors: tensors)
}

private func options() -> TrainingOptions {
    var options = TrainingOptions()
    options.batchSize = 3
    options.contextLength = 17
    options.stepCount = 20
    options.schedule.peak = 1e-2
    return options
}

private func temporaryFile(_ ending: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("rwkv-\(UInt64.random(in: 0 ... .max))\(ending)").path
}

/// A trainer that has taken some steps.
private func trained(
    _ base: TensorList, _ method: Tuning.Method, steps: Int, on workspace: Workspace
) throws -> Trainer {
    let model = try LanguageModel(loading: base, training: Tuning(method))
    let trainer = try Trainer(model, options(), tokens: text, on: workspace)
    for _ in 0..<steps { _ = try trainer.step() }
    return trainer
}

private func logits(_ model: LanguageModel, on workspace: Workspace) throws -> [Float] {
    var state = model.initialState()
    return Array(try model(Array(text[..<40]), state: &state, wanted: .all, on: Tape(on: workspace)).values)
}

@Suite("A training of adapters")
struct TuningRunTests {
    @Test(
        "leaves the model alone and goes on from a checkpoint with the same bits",
        arguments: [Tuning.Method.lora, .state])
    func resume(method: Tuning.Method) throws {
        let workspace = Workspace(threadCount: 2)
        let base = try base("rwkv7")
        let whole = try trained(base, method, steps: 9, on: workspace)
        for (before, after) in zip(base.tensors, whole.model.tensors()) { #expect(before.floats() == after.floats()) }

        let first = try trained(base, method, steps: 4, on: workspace)
        let path = temporaryFile(".safetensors")
        defer { try? FileManager.default.removeItem(atPath: path) }
        let progress = TrainingCheckpoint.Progress(
            configuration: first.model.configuration, tuning: first.model.tuning, base: BaseModel(path: "base", base),
            options: first.options, stepsDone: 4)
        try TrainingCheckpoint.write(first, progress, to: path)
        #expect(
            try SafetensorsFile(path: path).tensors.allSatisfy { $0.name.contains("lora") || $0.name.contains("state") }
        )

        let second = try TrainingCheckpoint(path: path).trainer(base: base, tokens: text, on: workspace)
        for _ in 4..<9 { _ = try second.step() }
        let results = [whole, second].map { TrainingProduct($0.model).tensors.map { $0.floats() } }
        #expect(results[0] == results[1])

        // Another model, or none, is not what the run began with.
        var tensors = base.tensors
        tensors[3] = tensors[4].renamed(tensors[3].name)
        for wrong in [TensorList(tensors: tensors), nil] {
            #expect(throws: TrainingError.otherBaseModel(path: "base")) {
                try TrainingCheckpoint(path: path).trainer(base: wrong, tokens: text, on: workspace)
            }
        }
    }

    @Test(
        "makes LoRA factors that give the logits of the training when they are merged",
        arguments: [".safetensors", ".pth"])
    func loraFiles(ending: String) throws {
        let workspace = Workspace(threadCount: 1)
        let base = try base("rwkv6")
        let model = try trained(base, .lora, steps: 5, on: workspace).model
        let product = TrainingProduct(model)
        let path = temporaryFile(ending)
        defer { try? FileManager.default.removeItem(atPath: path) }
        if ending == ".pth" { try PyTorchFile.write(product.tensors, to: path) } else { try product.write(to: path) }

        // Only safetensors files say alpha.
        let adapter = Adapter.lora(path: path, alpha: ending == ".pth" ? 32 : nil)
        let merged = try LanguageModel(loading: AdaptedCheckpoint(base, adapters: [adapter]))
        let (own, whole, plain) = (
            try logits(model, on: workspace), try logits(merged, on: workspace),
            try logits(LanguageModel(loading: base), on: workspace)
        )
        #expect(zip(own, whole).allSatisfy { abs($0 - $1) < 1e-4 })
        #expect(zip(own, plain).contains { abs($0 - $1) > 1e-2 })
    }

    @Test(
        "makes states that give the logits of the training, in the official layout",
        arguments: ["rwkv5.2", "rwkv6", "rwkv7"])
    func stateFiles(architecture: String) throws {
        let workspace = Workspace(threadCount: 1)
        let base = try base(architecture)
        let model = try trained(base, .state, steps: 5, on: workspace).model
        let path = temporaryFile(".pth")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try PyTorchFile.write(TrainingProduct(model).tensors, to: path)
        let adapted = try AdaptedCheckpoint(base, adapters: [.state(path: path)])
        let loaded = try LanguageModel(loading: adapted, initialState: adapted.initialState)
        #expect(try logits(loaded, on: workspace) == logits(model, on: workspace))
        let plain = try logits(LanguageModel(loading: base), on: workspace)
        #expect(try zip(plain, logits(model, on: workspace)).contains { abs($0 - $1) > 1e-3 })
        // A training of the state that begins with it has it.
        let again = try LanguageModel(
            loading: adapted, initialState: adapted.initialState, training: Tuning(.state))
        #expect(try logits(again, on: workspace) == logits(model, on: workspace))
    }
}
