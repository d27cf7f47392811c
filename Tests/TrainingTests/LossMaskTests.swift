import Foundation
import LanguageModels
import Tensors
import Testing
import Tokenizers
import Training
import TrainingData

private func trainer(_ architecture: String, perPass: Int? = nil) throws -> Trainer {
    let configuration = ModelConfiguration(
        architecture: architecture, layerCount: 2, width: 16, vocabularySize: 40,
        headSize: architectures.first { $0.name == architecture }?.hasHeads == true ? 8 : nil)
    let model = try LanguageModel(initializing: configuration, seed: 3)
    var random = RandomNumbers(seed: 7)
    for parameter in model.parameters {
        for i in try #require(parameter.mutableFloats).indices {
            parameter.mutableFloats?[i] += random.uniform(in: -0.2...0.2)
        }
    }
    var options = TrainingOptions()
    options.contextLength = 12
    options.precision = .f32
    options.memory?.sequencesPerPass = perPass
    return try Trainer(model, options, tokens: (0..<50).map { Int32($0 % 40) }, on: Workspace(threadCount: 2))
}

private struct Outcome {
    let loss: Double
    let gradients: [Float]

    init(_ trainer: Trainer, _ inputs: [[Int32]], _ targets: [Int32]) throws {
        loss = try trainer.accumulate(inputs: inputs, targets: targets)
        gradients = trainer.model.parameters.flatMap { Array(trainer.gradient(of: $0).values) }
    }

    /// ‖gradients − others‖ / ‖others‖
    func distance(_ others: [Float]) -> Double {
        var (difference, norm) = (0.0, 0.0)
        for (a, b) in zip(gradients, others) {
            difference += Double((a - b) * (a - b))
            norm += Double(b * b)
        }
        return (difference / norm).squareRoot()
    }
}

@Suite("Targets that do not count")
struct LossMaskTests {
    private let inputs: [[Int32]] = [[1, 2, 3, 4, 5, 6, 7], [9, 8], [11, 12, 13, 14]]
    private let targets: [Int32] = [2, 3, 4, 5, 6, 7, 8, 8, 7, 12, 13, 14, 15]
    private let mask = [false, false, true, true, false, true, false, false, false, false, true, true, false]

    private func masked(_ keep: Bool) -> [Int32] {
        zip(targets, mask).map { $1 == keep ? $0 : Tape.ignoredTarget }
    }

    @Test("leave the mean over the others", arguments: architectures.map { $0.name })
    func means(architecture: String) throws {
        let trainer = try trainer(architecture)
        let all = try Outcome(trainer, inputs, targets)
        let counted = try Outcome(trainer, inputs, masked(true))
        let rest = try Outcome(trainer, inputs, masked(false))
        let (n, k) = (targets.count, mask.filter { $0 }.count)
        #expect(abs(counted.loss * Double(k) + rest.loss * Double(n - k) - all.loss * Double(n)) < 1e-4)
        let sum = zip(counted.gradients, rest.gradients).map {
            ($0 * Float(k) + $1 * Float(n - k)) / Float(n)
        }
        #expect(all.distance(sum) < 1e-4)
        // And the two parts differ.
        #expect(counted.distance(rest.gradients) > 0.1)
    }

    @Test("at the end of sequences, and whole sequences of them, might as well not be there")
    func absent() throws {
        let trainer = try trainer("rwkv7")
        let whole = try Outcome(trainer, inputs, masked(true))
        let shorter = try Outcome(
            trainer, [[1, 2, 3, 4, 5, 6], [11, 12, 13]],
            [-1, -1, 4, 5, -1, 7, -1, 13, 14])
        #expect(abs(whole.loss - shorter.loss) < 1e-6)
        #expect(whole.distance(shorter.gradients) < 1e-5)
    }

    @Test("do not change the weight of the others, whichever pass they fall into", arguments: [1, 2])
    func passes(perPass: Int) throws {
        let whole = try Outcome(trainer("rwkv7"), inputs, masked(true))
        let parts = try Outcome(trainer("rwkv7", perPass: perPass), inputs, masked(true))
        #expect(abs(whole.loss - parts.loss) < 1e-6)
        #expect(parts.distance(whole.gradients) < 1e-5)
    }

    @Test("alone give no loss and no gradient")
    func nothing() throws {
        let outcome = try Outcome(trainer("rwkv7"), inputs, targets.map { _ in Tape.ignoredTarget })
        #expect(outcome.loss == 0 && outcome.gradients.allSatisfy { $0 == 0 })
    }

    @Test("are left out of a validation, whose passages each begin anew")
    func validation() throws {
        let model = try trainer("rwkv7").model
        let workspace = Workspace(threadCount: 1)
        let passages = [
            TrainingSequence(tokens: [0, 1, 2, 3], counted: [false, true, true]), TrainingSequence(tokens: [0, 4, 5]),
        ]
        let loss = try ValidationSet(passages, byteCount: 4).measure(model, on: workspace)
        let first = try ValidationSet([1, 2, 3], byteCount: 3).measure(model, on: workspace).nats
        let word = try ValidationSet([1], byteCount: 1).measure(model, on: workspace).nats
        let second = try ValidationSet([4, 5], byteCount: 2).measure(model, on: workspace).nats
        #expect(loss.tokenCount == 4 && loss.byteCount == 4)
        #expect(abs(loss.nats - (first - word + second)) < 1e-5)
    }
}

@Suite("A training on several files")
struct TrainingSetTests {
    private func data() throws -> TrainingSet {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rwkv-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let cache = TokenCache(folder: folder.path + "/tokens")
        func file(_ name: String, _ format: DataFormat, _ weight: Double, _ text: String) throws -> (
            DataFile, TokenStore
        ) {
            let path = folder.path + "/" + name
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
            let file = DataFile(path: path, format: format, weight: weight)
            return (file, try file.tokens(Small(), cache) { _ in }.store)
        }
        let lines = (0..<60).map { "{\"text\": \"line \($0) of some\"}\n" }.joined()
        let chats = (0..<30).map { i in
            "{\"messages\": [{\"role\": \"user\", \"content\": \"q\(i)\"}, {\"role\": \"assistant\", \"content\": \"a\(i * 7)\"}]}\n"
        }.joined()
        return TrainingSet(files: [try file("a.jsonl", .jsonl, 2, lines), try file("b.jsonl", .chat, 1, chats)])
    }

    /// A few tokens, so that a tiny model can be used.
    private struct Small: Tokenizer {
        let vocabularySize = 40
        let endOfText: TokenID? = 0
        func encode(bytes: [UInt8]) -> [TokenID] { bytes.map { TokenID($0 % 39) + 1 } }
        func bytes(of token: TokenID) -> [UInt8]? { [UInt8(truncatingIfNeeded: token)] }
    }

    @Test("goes on from a checkpoint with the same bits, whatever the number of threads", arguments: [1, 7])
    func resume(stop: Int) throws {
        func begin(_ threadCount: Int) throws -> Trainer {
            var options = TrainingOptions()
            options.batchSize = 3
            options.contextLength = 20
            options.stepCount = 12
            options.dropout = 0.1
            let configuration = ModelConfiguration(
                architecture: "rwkv7", layerCount: 1, width: 16, vocabularySize: 40, headSize: 8)
            let model = try LanguageModel(initializing: configuration, seed: 2)
            return try Trainer(model, options, data: data(), on: Workspace(threadCount: threadCount))
        }
        func weights(_ trainer: Trainer) -> [[Float]] { trainer.model.tensors().map { $0.floats() ?? [] } }
        let whole = try begin(2)
        let reports = try (0..<12).map { _ in try whole.step() }
        // Conversations are shorter than the context.
        #expect(Set(reports.map(\.tokens)).count > 1)

        let first = try begin(1)
        for _ in 0..<stop { _ = try first.step() }
        let path = FileManager.default.temporaryDirectory.path + "/rwkv-\(UInt64.random(in: 0 ... .max)).safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let progress = TrainingCheckpoint.Progress(
            configuration: first.model.configuration, options: first.options, stepsDone: stop)
        try TrainingCheckpoint.write(first, progress, to: path)
        let second = try TrainingCheckpoint(path: path).trainer(data: data(), on: Workspace(threadCount: 3))
        for _ in stop..<12 { _ = try second.step() }
        #expect(weights(second) == weights(whole))
    }

    @Test("can be tried out before, though sequences differ in length")
    func estimate() throws {
        var options = TrainingOptions()
        options.batchSize = 3
        options.contextLength = 20
        let configuration = ModelConfiguration(
            architecture: "rwkv7", layerCount: 1, width: 16, vocabularySize: 40, headSize: 8)
        let model = try LanguageModel(initializing: configuration, seed: 2)
        let trainer = try Trainer(model, options, data: data(), on: Workspace(threadCount: 1))
        #expect(trainer.tokensPerStep > 30 && trainer.tokensPerStep <= 60)
        let passages = (0..<5).map { TrainingSequence(tokens: [0, 1, 2, Int32($0)], counted: [false, true, true]) }
        var now = 0.0
        let found = try trainer.estimate(validation: ValidationSet(passages, byteCount: 9)) {
            now += 0.1
            return now
        }
        #expect(found.byteCount > 0 && found.secondsPerStep > 0 && found.secondsPerValidation > 0)
    }

    @Test("refuses tokens that the model does not have")
    func vocabulary() throws {
        let model = try LanguageModel(
            initializing: ModelConfiguration(layerCount: 1, width: 16, vocabularySize: 30), seed: 2)
        #expect(throws: TrainingError.self) {
            try Trainer(model, TrainingOptions(), data: data(), on: Workspace(threadCount: 1))
        }
    }
}
