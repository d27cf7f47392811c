import Foundation
import LanguageModels
import Synchronization
import Tensors
import Testing
import Training

/// A clock that moves on whenever it is looked at, and from some moment on more slowly or faster.
private final class Clock: Sendable {
    private let now = Mutex(0.0)
    private let change: Double

    init(change: Double) { self.change = change }

    func read() -> Double {
        now.withLock {
            $0 += $0 > 100 ? 0.1 * change : 0.1
            return $0
        }
    }
}

@Suite("A run of so many minutes")
struct TimedRunTests {
    @Test("takes them, though its speed changes", arguments: [1, 2, 0.5])
    func takesThem(change: Double) throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "rwkv-\(UInt64.random(in: 0 ... .max))"
        )
        .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = TrainingOptions()
        (options.batchSize, options.contextLength, options.stepCount) = (1, 8, TrainingOptions.undecided)
        let configuration = ModelConfiguration(layerCount: 1, width: 8, vocabularySize: 13)
        let model = try LanguageModel(initializing: configuration, seed: 1)
        let trainer = try Trainer(
            model, options, tokens: (0..<200).map { Int32($0 % 13) }, on: Workspace(threadCount: 1))
        var plan = TrainingRun.Plan()
        plan.seconds = 300
        plan.saveInterval = .infinity
        let clock = Clock(change: change)
        let run = try TrainingRun(
            trainer, in: RunFolder(path: path),
            progress: TrainingCheckpoint.Progress(
                configuration: configuration, options: options, stepsDone: 0), validation: nil, plan: plan,
            clock: { clock.read() })
        var rates: [Double] = []
        let finished = try run.run { event in
            if case .step(let entry, _) = event { rates.append(entry.learningRate) }
            return true
        }
        #expect(finished)
        #expect(abs(run.progress.secondsDone - 300) < 15)
        // The learning rate has come down to its end, and never jumps by more than a tenth of its range.
        #expect(abs(try #require(rates.last) - options.schedule.last) < 1e-5)
        let jumps = zip(rates.dropFirst(60), rates.dropFirst(61)).map { abs($0 - $1) }
        #expect(try #require(jumps.max()) < 0.1 * options.schedule.peak)
    }
}
