import LanguageModels
import Tensors
import Testing
import Training

private let names = architectures.map { $0.name }

private func trainer(_ architecture: String, dropout: Float = 0, _ memory: (inout MemoryOptions) -> Void) throws
    -> Trainer
{
    let configuration = ModelConfiguration(
        architecture: architecture, layerCount: 3, width: 32, vocabularySize: 50,
        headSize: architectures.first { $0.name == architecture }?.hasHeads == true ? 8 : nil)
    let model = try LanguageModel(initializing: configuration, seed: 3)
    var random = RandomNumbers(seed: 7)
    for parameter in model.parameters {
        for i in try #require(parameter.mutableFloats).indices {
            parameter.mutableFloats?[i] += random.uniform(in: -0.2...0.2)
        }
    }
    var options = TrainingOptions()
    options.batchSize = 4
    options.contextLength = 24
    options.dropout = dropout
    var chosen = MemoryOptions()
    memory(&chosen)
    options.memory = chosen
    return try Trainer(model, options, tokens: (0..<400).map { Int32($0 * $0 % 47) }, on: Workspace(threadCount: 2))
}

/// The loss and all gradients of some ragged sequences.
private func gradients(
    _ trainer: Trainer, lengths: [Int] = [24, 7, 24, 17]
) throws -> (loss: Double, gradients: [[Float]]) {
    var random = RandomNumbers(seed: 5)
    let inputs = lengths.map { count in (0..<count).map { _ in Int32(random.below(50)) } }
    let targets = (0..<lengths.reduce(0, +)).map { _ in Int32(random.below(50)) }
    let loss = try trainer.accumulate(inputs: inputs, targets: targets)
    return (loss, trainer.model.parameters.map { Array(trainer.gradient(of: $0).values) })
}

/// ‖a − b‖ / ‖b‖ over everything.
private func distance(_ a: [[Float]], _ b: [[Float]]) -> Double {
    var (difference, norm) = (0.0, 0.0)
    for (a, b) in zip(a.joined(), b.joined()) {
        difference += Double((a - b) * (a - b))
        norm += Double(b * b)
    }
    return (difference / norm).squareRoot()
}

@Suite("Training in little memory")
struct TrainingMemoryTests {
    @Test("Blocks that are computed again give the same gradients, bit for bit", arguments: names, [0, 0.3])
    func recomputing(architecture: String, dropout: Float) throws {
        let kept = try gradients(trainer(architecture, dropout: dropout) { _ in })
        let again = try gradients(trainer(architecture, dropout: dropout) { $0.recomputesBlocks = true })
        #expect(kept.loss == again.loss)
        #expect(kept.gradients == again.gradients)
    }

    @Test("Passes of a few sequences add up to the gradients of all", arguments: names, [1, 2, 3])
    func passes(architecture: String, count: Int) throws {
        let whole = try gradients(trainer(architecture) { _ in })
        let parts = try gradients(trainer(architecture) { $0.sequencesPerPass = count })
        #expect(abs(whole.loss - parts.loss) < 1e-6)
        #expect(distance(parts.gradients, whole.gradients) < 1e-5)
    }

    @Test("Segments have the loss of the whole, and gradients that end where they begin", arguments: names)
    func segments(architecture: String) throws {
        let whole = try gradients(trainer(architecture) { _ in })
        let parts = try gradients(trainer(architecture) { $0.segmentLength = 9 })
        #expect(abs(whole.loss - parts.loss) < 1e-5)
        // What is cut off is there, and is not most of it.
        let cut = distance(parts.gradients, whole.gradients)
        #expect(cut > 1e-3 && cut < 0.9, "\(cut)")
        let long = try gradients(trainer(architecture) { $0.segmentLength = 24 })
        #expect(long.gradients == whole.gradients)
        // Both kinds of parts together.
        let both = try gradients(
            trainer(architecture) {
                $0.segmentLength = 9
                $0.sequencesPerPass = 3
                $0.recomputesBlocks = true
            })
        #expect(distance(both.gradients, parts.gradients) < 1e-5)
    }

    @Test("Only the first segment reaches a first state that learns")
    func firstState() throws {
        func gradient(_ segment: Int?, _ inputs: [Int32]) throws -> [[Float]] {
            let base = try trainer("rwkv7") { _ in }.model.tensors()
            let model = try LanguageModel(loading: TensorList(tensors: base), training: Tuning(.state))
            var options = TrainingOptions()
            options.memory?.segmentLength = segment
            options.contextLength = 4
            let trainer = try Trainer(
                model, options, tokens: (0..<40).map { Int32($0) }, on: Workspace(threadCount: 1))
            _ = try trainer.accumulate(inputs: [inputs], targets: inputs)
            return model.parameters.filter(\.isTrained).map { Array(trainer.gradient(of: $0).values) }
        }
        let text = (0..<12).map { Int32($0 * 3 % 40) }
        // The first segment of 5 weighs 5 of 12 tokens of the mean.
        let first = try gradient(nil, Array(text[..<5])).map { $0.map { $0 * 5 / 12 } }
        #expect(distance(try gradient(5, text), first) < 1e-5)
    }

    @Test("Passes are of one size where they can be: ten sequences, eight at most, take the memory of five")
    func even() throws {
        func memory(sequencesPerPass: Int) throws -> Int {
            let trainer = try trainer("rwkv7") { $0.sequencesPerPass = sequencesPerPass }
            _ = try gradients(trainer, lengths: Array(repeating: 24, count: 10))
            return trainer.workspace.buffers.allocatedByteCount
        }
        #expect(try memory(sequencesPerPass: 8) == memory(sequencesPerPass: 5))
    }

    @Test("Less memory is taken", arguments: ["rwkv4", "rwkv7"])
    func memory(architecture: String) throws {
        func memory(_ options: (inout MemoryOptions) -> Void) throws -> Int {
            let trainer = try trainer(architecture, options)
            let before = trainer.workspace.buffers.allocatedByteCount
            _ = try gradients(trainer, lengths: [24, 24, 24, 24])
            return trainer.workspace.buffers.allocatedByteCount - before
        }
        let whole = try memory { _ in }
        #expect(try memory { $0.recomputesBlocks = true } < whole * 2 / 3)
        #expect(try memory { $0.sequencesPerPass = 1 } < whole / 2)
        #expect(try memory { $0.segmentLength = 8 } < whole / 2)
    }
}
