import Checkpoints
import Foundation
import LanguageModels
import Tensors
import Testing
import Training

/// A text that counts, with a part that jumps about: its loss is far above the rest once counting has been learnt.
private let text: [Int32] = (0..<3000).map { i in Int32((1200..<1240).contains(i) ? i * i * 7 % 13 : i % 13) }

private func trainer(_ change: (inout SpikePolicy) -> Void) throws -> Trainer {
    var options = TrainingOptions()
    (options.batchSize, options.contextLength, options.stepCount) = (1, 20, 400)
    options.schedule.warmupSteps = 5
    options.schedule.peak = 2e-2
    var policy = SpikePolicy()
    change(&policy)
    options.policy = policy
    let configuration = ModelConfiguration(layerCount: 1, width: 24, vocabularySize: 13)
    return try Trainer(
        LanguageModel(initializing: configuration, seed: 2, learningRate: 2e-2), options, tokens: text,
        on: Workspace(threadCount: 1))
}

private func weights(_ model: LanguageModel) -> [[Float]] { model.tensors().map { $0.floats() ?? [] } }

@Suite("A step that goes wrong")
struct SpikePolicyTests {
    /// The steps that were skipped of a whole run.
    private func skipped(_ trainer: Trainer) throws -> [TrainingStep] {
        try (0..<400).map { _ in try trainer.step() }.filter { $0.skipped != nil }
    }

    @Test("is taken where spikes are ignored, skipped where they are to be, and stops the run where it should")
    func spikes() throws {
        #expect(try skipped(trainer { _ in }).isEmpty)
        let skipping = try trainer { $0.spike = .skip }
        let steps = try skipped(skipping)
        #expect((1...12).contains(steps.count))
        for step in steps { #expect(step.loss > 3 * skipping.trend.mean && step.gradientNorm.isNaN) }
        #expect(skipping.trend.skippedCount == steps.count)
        let stopping = try trainer { $0.spike = .stop }
        let error = #expect(throws: TrainingError.self) { _ = try skipped(stopping) }
        guard case .lossSpike(let step, let loss, let mean) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(step == steps[0].step && loss == steps[0].loss && mean > 0)
        #expect(stopping.stepsDone == step - 1)
    }

    @Test("leaves weights and optimiser as they were")
    func unchanged() throws {
        let trainer = try trainer { $0.spike = .skip }
        var before = weights(trainer.model)
        var count = 0
        for _ in 0..<400 {
            let isSkipped = try trainer.step().skipped != nil
            let after = weights(trainer.model)
            #expect((after == before) == isSkipped)
            count += isSkipped ? 1 : 0
            before = after
        }
        #expect(count > 0)
    }

    @Test("is not seen before there is a trend, nor where the loss falls or hardly moves")
    func trend() throws {
        // A trend with no losses, and one that is told of by JSON: both are what checkpoints hold.
        #expect(!LossTrend().isSpike(100, threshold: 6))
        let json = #"{"mean": 2, "variance": 0.0001, "count": 50, "skippedCount": 0, "skippedInRow": 0}"#
        let known = try JSONDecoder().decode(LossTrend.self, from: Data(json.utf8))
        #expect(!known.isSpike(1, threshold: 6))
        #expect(!known.isSpike(2.1, threshold: 6))
        #expect(known.isSpike(2.13, threshold: 6))
    }

    @Test("is no obstacle to going on from a checkpoint with the same bits")
    func resume() throws {
        let whole = try trainer { $0.spike = .skip }
        let first = try trainer { $0.spike = .skip }
        var stop = 0
        while first.trend.skippedCount == 0, stop < 400 {
            _ = try first.step()
            stop += 1
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rwkv-\(UInt64.random(in: 0 ... .max))"
        )
        .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var progress = TrainingCheckpoint.Progress(
            configuration: first.model.configuration, options: first.options, stepsDone: stop)
        progress.trend = first.trend
        try TrainingCheckpoint.write(first, progress, to: path)
        let second = try TrainingCheckpoint(path: path).trainer(tokens: text, on: Workspace(threadCount: 1))
        for _ in stop..<400 { _ = try second.step() }
        _ = try skipped(whole)
        #expect(second.trend == whole.trend)
        #expect(weights(second.model) == weights(whole.model))
    }

    @Test("with a loss that is not finite is skipped if asked, until too many have been")
    func notFinite() throws {
        let trainer = try trainer {
            $0.notFinite = .skip
            $0.patience = 3
        }
        for _ in 0..<5 { _ = try trainer.step() }
        trainer.model.parameters[1].mutableFloats?[0] = .nan
        for step in 6...8 {
            let report = try trainer.step()
            #expect(report.step == step)
            #expect(
                try #require(report.skipped).contains("is not finite, first in “\(trainer.model.parameters[1].name)”"))
        }
        #expect(
            throws: TrainingError.notFinite(
                step: 9, what: "the loss", tensor: trainer.model.parameters[1].name)
        ) { _ = try trainer.step() }
    }

    @Test("has a line in the log that can be read again")
    func log() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rwkv-\(UInt64.random(in: 0 ... .max))"
        )
        .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let step = TrainingStep(
            step: 1, tokens: 4, loss: .nan, learningRate: 1, gradientNorm: .nan, skipped: "the loss is not finite")
        try TrainingLog(path: path, stepsDone: 0).append(TrainingLogEntry(step, tokens: 4, tokensPerSecond: 2))
        let entries = try TrainingLog(path: path, stepsDone: 1).entries
        #expect(entries.count == 1 && entries[0].loss.isNaN && entries[0].skipped == step.skipped)
    }
}

@Suite("An estimate of a run")
struct TrainingEstimateTests {
    @Test("changes nothing about the run, and knows of the memory that its options save")
    func harmless() throws {
        let (tried, plain) = (try trainer { _ in }, try trainer { _ in })
        // So that there are moments that could change.
        for _ in 0..<2 { #expect(try tried.step() == plain.step()) }
        let clock = ContinuousClock()
        let start = clock.now
        let estimate = try tried.estimate(validation: ValidationSet(Array(text.prefix(500)), byteCount: 500)) {
            Double((clock.now - start).components.attoseconds) * 1e-18
                + Double((clock.now - start).components.seconds)
        }
        #expect(estimate.byteCount > 12 * tried.model.parameterCount)
        #expect(estimate.secondsPerStep > 0 && estimate.secondsPerValidation > 0)
        #expect(
            estimate.seconds(steps: 10, validationInterval: 4) == 10 * estimate.secondsPerStep + 3
                * estimate.secondsPerValidation)
        let day = estimate.steps(seconds: 86_400, validationInterval: 4)
        let taken = estimate.seconds(steps: day / 4 * 4, validationInterval: 4)
        #expect(abs(taken - 86_400) < 5 * estimate.secondsPerStep + 2 * estimate.secondsPerValidation)
        #expect(estimate.steps(seconds: 0, validationInterval: 4) == 1)
        for _ in 0..<5 { #expect(try tried.step() == plain.step()) }
        #expect(weights(tried.model) == weights(plain.model))
    }
}
