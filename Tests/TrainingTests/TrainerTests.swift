import Checkpoints
import Foundation
import LanguageModels
import Tensors
import Testing
import Training
import TrainingData

/// A text with something to learn: counting up, with jumps.
private func text(_ count: Int = 900) -> [Int32] {
    var random = RandomNumbers(seed: 4)
    var token: Int32 = 0
    return (0..<count).map { _ in
        token = random.uniform() < 0.1 ? Int32(random.below(13)) : (token + 1) % 13
        return token
    }
}

private func options(
    steps: Int = 20, dropout: Float = 0, precision: TrainingPrecision = .f32
) -> TrainingOptions {
    var options = TrainingOptions()
    options.precision = precision
    options.batchSize = 3
    options.contextLength = 17
    options.stepCount = steps
    options.schedule.warmupSteps = 3
    options.schedule.peak = 5e-3
    options.optimizer.weightDecay = 0.1
    options.dropout = dropout
    return options
}

private func model(seed: UInt64 = 2) throws -> LanguageModel {
    let configuration = ModelConfiguration(layerCount: 2, width: 24, vocabularySize: 13)
    return try LanguageModel(initializing: configuration, seed: seed, learningRate: 5e-3)
}

private func weights(_ model: LanguageModel) -> [[Float]] { model.tensors().map { $0.floats() ?? [] } }

private func temporaryFolder() -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("rwkv-\(UInt64.random(in: 0 ... .max))").path
}

@Suite("A trainer")
struct TrainerTests {
    @Test("learns what there is to learn")
    func learns() throws {
        var longer = options(steps: 150)
        longer.schedule.peak = 2e-2
        let trainer = try Trainer(model(), longer, tokens: text(), on: Workspace(threadCount: 2))
        let losses = try (0..<150).map { _ in try trainer.step().loss }
        // About ln 13 = 2.565 at first: the head is random and small. At best 0.9 − 0.1 · (1 − 1/13) of the steps count up, an
        // entropy of 0.54 nats.
        #expect(abs(losses[0] - 2.565) < 0.5)
        #expect(losses.suffix(20).reduce(0, +) / 20 < 1.0)
    }

    @Test(
        "gives the same weights, bit for bit, for any number of threads", arguments: [2, 3], TrainingPrecision.allCases)
    func threads(threadCount: Int, precision: TrainingPrecision) throws {
        func train(_ threadCount: Int) throws -> [[Float]] {
            let trainer = try Trainer(
                model(), options(dropout: 0.2, precision: precision), tokens: text(),
                on: Workspace(threadCount: threadCount))
            for _ in 0..<8 { _ = try trainer.step() }
            return weights(trainer.model)
        }
        #expect(try train(1) == train(threadCount))
    }

    @Test("goes on from a checkpoint with the same bits", arguments: [1, 5, 11], TrainingPrecision.allCases)
    func resume(stop: Int, precision: TrainingPrecision) throws {
        let workspace = Workspace(threadCount: 2)
        let options = options(dropout: 0.1, precision: precision)
        let whole = try Trainer(model(), options, tokens: text(), on: workspace)
        for _ in 0..<12 { _ = try whole.step() }

        let first = try Trainer(model(), options, tokens: text(), on: workspace)
        for _ in 0..<stop { _ = try first.step() }
        let path = temporaryFolder() + ".safetensors"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let progress = TrainingCheckpoint.Progress(
            configuration: first.model.configuration, options: first.options, stepsDone: stop, notes: ["a": "b"])
        try TrainingCheckpoint.write(first, progress, to: path)

        let checkpoint = try TrainingCheckpoint(path: path)
        #expect(checkpoint.progress == progress)
        let second = try checkpoint.trainer(tokens: text(), on: workspace)
        for _ in stop..<12 { _ = try second.step() }
        #expect(weights(second.model) == weights(whole.model))
    }

    @Test("stops at a number that is not finite, names the tensor, and leaves the weights alone")
    func notFinite() throws {
        let trainer = try Trainer(model(), options(), tokens: text(), on: Workspace(threadCount: 1))
        _ = try trainer.step()
        let name = "blocks.1.att.time_decay"
        let parameter = try #require(trainer.model.parameters.first { $0.name == name })
        try #require(parameter.mutableFloats)[3] = .nan
        let before = weights(trainer.model)
        #expect(throws: TrainingError.notFinite(step: 2, what: "the loss", tensor: name)) { try trainer.step() }
        for (a, b) in zip(before, weights(trainer.model)) { #expect(a.map(\.bitPattern) == b.map(\.bitPattern)) }
        #expect(trainer.stepsDone == 1)
    }

    @Test("refuses settings and data that cannot work")
    func refuses() throws {
        let workspace = Workspace(threadCount: 1)
        #expect(throws: TrainingError.tooFewTokens(found: 17, needed: 18)) {
            try Trainer(model(), options(), tokens: text(17), on: workspace)
        }
        #expect(throws: TrainingError.tokenOutOfRange(token: 13, position: 2, vocabularySize: 13)) {
            try Trainer(model(), options(), tokens: [1, 2, 13] + text(), on: workspace)
        }
        var wrong = options()
        wrong.batchSize = 0
        #expect(throws: TrainingError.invalidOption(what: "batch size", found: "0", needed: "from 1 to 1048576")) {
            try Trainer(model(), wrong, tokens: text(), on: workspace)
        }
        let trainer = try Trainer(model(), options(), tokens: text(), on: workspace)
        #expect(throws: TrainingError.tokenOutOfRange(token: 13, position: 1, vocabularySize: 13)) {
            try trainer.update(inputs: [[1, 2]], targets: [2, 13], rate: 1e-3)
        }
        #expect(throws: TrainingError.tokenOutOfRange(token: -1, position: 0, vocabularySize: 13)) {
            try trainer.update(inputs: [[-1, 2]], targets: [2, 3], rate: 1e-3)
        }
        #expect(throws: TrainingError.self) { try trainer.update(inputs: [[1, 2], []], targets: [2, 3], rate: 1e-3) }
        #expect(throws: ModelError.tokenOutOfRange(token: 13, position: 2, vocabularySize: 13)) {
            try ValidationSet([1, 2, 13], byteCount: 3).measure(model(), on: workspace)
        }
        let frozen = try LanguageModel(loading: TensorList(tensors: model().tensors().map { $0.converted(to: .bf16) }))
        #expect(throws: TrainingError.notTrainable(parameter: "emb.weight")) {
            try Trainer(frozen, options(), tokens: text(), on: workspace)
        }
    }

    @Test("clips the gradients' global norm")
    func clipping() throws {
        func change(clip: Double) throws -> Double {
            var clipped = options()
            clipped.gradientClip = clip
            // With a large ε Adam's step is proportional to the gradient, so that its scale shows.
            clipped.optimizer.epsilon = 1e3
            clipped.optimizer.weightDecay = 0
            let trainer = try Trainer(model(), clipped, tokens: text(), on: Workspace(threadCount: 1))
            let before = weights(trainer.model)
            let report = try trainer.update(inputs: [[1, 2, 3]], targets: [2, 3, 4], rate: 1e3)
            let moved = zip(before, weights(trainer.model)).reduce(0.0) { sum, pair in
                sum + zip(pair.0, pair.1).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
            }
            return moved.squareRoot() / report.gradientNorm
        }
        let free = try change(clip: 0)
        #expect(try change(clip: 1e6) == free)
        #expect(try change(clip: 1e-3) < free / 10)
    }
}

@Suite("The order of the data")
struct BatchSamplerTests {
    @Test("shows every window of an epoch once, and another order in the next")
    func epochs() throws {
        let tokens = (0..<1000).map(Int32.init)
        var sampler = try BatchSampler(tokens, batchSize: 1, contextLength: 16, seed: 3)
        let windows = (0..<2 * sampler.windowCount).map { sampler.batch(step: $0)[0].tokens }
        #expect(windows.allSatisfy { $0.count == 17 })
        let epochs = [windows.prefix(sampler.windowCount), windows.suffix(sampler.windowCount)]
        for epoch in epochs {
            let starts = epoch.compactMap(\.first).sorted()
            #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == 16 })
        }
        #expect(epochs[0].map(\.first) != epochs[1].map(\.first))
    }

    @Test("depends on the step alone")
    func stateless() throws {
        let tokens = (0..<500).map(Int32.init)
        var forwards = try BatchSampler(tokens, batchSize: 4, contextLength: 9, seed: 3)
        var jumping = try BatchSampler(tokens, batchSize: 4, contextLength: 9, seed: 3)
        let all = (0..<60).map { forwards.batch(step: $0) }
        for step in [50, 3, 59, 0, 17] { #expect(jumping.batch(step: step) == all[step]) }
    }

    @Test("works with the least data that there can be")
    func least() throws {
        var sampler = try BatchSampler([0, 1, 2, 3, 4], batchSize: 2, contextLength: 4, seed: 1)
        #expect(sampler.batch(step: 7).map(\.tokens) == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
    }
}

@Suite("The learning rate")
struct LearningRateScheduleTests {
    @Test("rises, then falls to its last value", arguments: LearningRateSchedule.Shape.allCases)
    func course(shape: LearningRateSchedule.Shape) {
        var schedule = LearningRateSchedule()
        schedule.peak = 1
        schedule.last = 0.1
        schedule.warmupSteps = 10
        schedule.shape = shape
        let rates = (0..<100).map { schedule.rate(step: $0, of: 100) }
        // RWKV-LM multiplies by 0.01 + 0.99 · step / warmup.
        #expect(abs(rates[0] - 0.01) < 1e-12)
        #expect(abs(rates[5] - 0.505) < 1e-12)
        #expect(abs(rates[10] - 1) < 1e-12)
        #expect(abs(rates[99] - (shape == .constant ? 1 : 0.1)) < 1e-12)
        #expect(zip(rates[10...], rates[11...]).allSatisfy { $0 >= $1 })
        // Half way: cosine and linear agree.
        schedule.warmupSteps = 0
        #expect(abs(schedule.rate(step: 50, of: 101) - (shape == .constant ? 1 : 0.55)) < 1e-12)
    }
}

@Suite("A run folder")
struct RunFolderTests {
    @Test("belongs to one run at a time")
    func lock() throws {
        let path = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let first = try RunFolder(path: path)
        #expect(throws: TrainingError.folderInUse(path: path)) { try RunFolder(path: path) }
        withExtendedLifetime(first) {}
    }

    @Test("is cleared of files that a killed process left half written")
    func leftovers() throws {
        let path = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for name in [".partial-1f", "log.jsonl"] { try Data([1]).write(to: URL(fileURLWithPath: path + "/" + name)) }
        let folder = try RunFolder(path: path)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [".lock", "log.jsonl"])
    }

    @Test("can be used again when its run is over")
    func release() throws {
        let path = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try RunFolder(path: path)
        #expect(!(try RunFolder(path: path).hasCheckpoint))
    }

    @Test("has a log that forgets steps after the last checkpoint, and a line that was cut off")
    func log() throws {
        let path = temporaryFolder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let step = { TrainingStep(step: $0, tokens: 8, loss: 1 / Double($0), learningRate: 0.5, gradientNorm: 2) }
        do {
            let log = try TrainingLog(path: path, stepsDone: 0)
            for i in 1...5 { try log.append(TrainingLogEntry(step(i), tokens: 8 * i, tokensPerSecond: 3)) }
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        try whole.dropLast(20).write(to: URL(fileURLWithPath: path))
        let resumed = try TrainingLog(path: path, stepsDone: 3)
        #expect(resumed.entries.map(\.step) == [1, 2, 3])
        try resumed.append(TrainingLogEntry(step(4), tokens: 32, tokensPerSecond: 3))
        let losses: [Double] = [1, 0.5, 1.0 / 3, 0.25]
        #expect(TrainingLog.read(path).map(\.loss) == losses)
    }
}
