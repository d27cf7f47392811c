import LanguageModels
import Tensors
import Testing
import Training

/// Shapes that no panel, pair or vector divides. B of LoRA begins at zero; here it does not, so that A has a gradient.
private func model(
    _ architecture: String, _ method: Tuning.Method = .full, storing type: DataType = .f32
) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: architecture, layerCount: 2, width: 40, vocabularySize: 51,
        headSize: architectures.first { $0.name == architecture }?.hasHeads == true ? 8 : nil)
    // Recurrent networks have one width.
    if configuration.hiddenWidth != 40 { configuration.hiddenWidth = 70 }
    var random = RandomNumbers(seed: 7)
    func disturbed(_ tensor: StoredTensor) -> StoredTensor {
        StoredTensor(
            name: tensor.name, shape: tensor.shape,
            floats: (tensor.floats() ?? []).map { $0 + random.uniform(in: -0.2...0.2) })
    }
    let tensors = try LanguageModel(initializing: configuration, seed: 3).tensors().map(disturbed)
    let isMatrix = { (tensor: StoredTensor) in
        tensor.name.hasSuffix(".weight") && tensor.shape.extents.filter { $0 > 1 }.count == 2
    }
    let stored = tensors.map { isMatrix($0) ? $0.converted(to: type) : $0 }
    let model = try LanguageModel(loading: TensorList(tensors: stored), training: Tuning(method))
    for parameter in model.parameters where method == .lora && parameter.isTrained {
        for i in try #require(parameter.mutableFloats).indices {
            parameter.mutableFloats?[i] += random.uniform(in: -0.2...0.2)
        }
    }
    return model
}

private typealias Measured = (loss: Double, gradients: [[Float]])

/// The loss and the gradients of what learns, for sequences of odd lengths.
private func gradients(
    _ model: LanguageModel, _ precision: TrainingPrecision, threadCount: Int = 2, recomputing: Bool = false
) throws -> Measured {
    var options = TrainingOptions()
    options.precision = precision
    options.memory?.recomputesBlocks = recomputing
    let trainer = try Trainer(
        model, options, tokens: (0..<400).map { Int32($0 % 47) }, on: Workspace(threadCount: threadCount))
    var random = RandomNumbers(seed: 5)
    let inputs = [24, 7, 1, 17].map { count in (0..<count).map { _ in Int32(random.below(51)) } }
    let targets = (0..<49).map { _ in Int32(random.below(51)) }
    let loss = try trainer.accumulate(inputs: inputs, targets: targets)
    return (loss, model.parameters.filter(\.isTrained).map { Array(trainer.gradient(of: $0).values) })
}

private func norm(_ values: [Float]) -> Double {
    values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
}

@Suite("Training in bf16")
struct TrainingPrecisionTests {
    private static let names = architectures.map { $0.name }

    @Test("has the gradients of f32 but for rounding", arguments: names)
    func gradientsAreClose(architecture: String) throws {
        try compare(gradients(model(architecture), .bf16), gradients(model(architecture), .f32))
    }

    @Test("has them for low-rank factors of frozen weights too", arguments: ["rwkv4", "rwkv7"], [.f32, DataType.bf16])
    func adapters(architecture: String, type: DataType) throws {
        let narrow = try gradients(model(architecture, .lora, storing: type), .bf16)
        try compare(narrow, gradients(model(architecture, .lora, storing: type), .f32))
    }

    private func compare(_ narrow: Measured, _ full: Measured) throws {
        #expect(abs(narrow.loss - full.loss) < 0.01 * full.loss)
        // Rounding shows: the products were not those of f32.
        #expect(narrow.loss != full.loss)
        #expect(!full.gradients.isEmpty)
        // 2⁻⁹ is the largest error of a rounding, but norms of heads whose sums nearly cancel make much of it. Op by op the
        // tests of products are strict; this one sees that all of them are where they belong.
        let difference = norm(zip(narrow.gradients.joined(), full.gradients.joined()).map { $0 - $1 })
        #expect(difference < 0.25 * norm(Array(full.gradients.joined())))
        for (narrow, full) in zip(narrow.gradients, full.gradients) {
            #expect(norm(zip(narrow, full).map { $0 - $1 }) <= 0.5 * norm(full) + 1e-6)
        }
    }

    @Test("has the same bits for any number of threads, and with blocks that are computed again", arguments: names)
    func bits(architecture: String) throws {
        let once = try gradients(model(architecture), .bf16, threadCount: 1)
        let others = [
            try gradients(model(architecture), .bf16, threadCount: 3),
            try gradients(model(architecture), .bf16, recomputing: true),
        ]
        for other in others {
            #expect(other.loss == once.loss)
            #expect(other.gradients == once.gradients)
        }
    }
}
