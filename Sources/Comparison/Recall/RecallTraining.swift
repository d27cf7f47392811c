internal import LanguageModels
internal import Tensors
internal import Training

/// Which recall tasks, and how long models learn them.
public struct RecallPlan: Codable, Sendable, Equatable {
    public var tasks = RecallTask.allCases
    /// How much there is to recall; see `RecallTask.sequence`.
    public var sizes = [16]
    /// The widths of the models: the wider, the larger the state.
    public var widths = [32, 64, 128]
    public var layerCount = 2
    public var stepCount = 3000
    public var batchSize = 32
    /// Every model learns with each of these, and the best result counts, as in published tables: architectures differ in
    /// the rate that suits them.
    public var learningRates = [3e-3]
    /// From how many beginnings every model learns: the comparison's seed and those that follow it.
    public var seedCount = 1
    /// A training ends early when it has taken so long.
    public var allowedSeconds = 300.0

    public init() {}

    /// What each model learns: everything from one seed before anything from the next.
    func trials(seed: UInt64) -> [RecallTrial] {
        (0..<UInt64(seedCount)).flatMap { place in
            widths.flatMap { width in
                tasks.flatMap { task in
                    sizes.map { RecallTrial(task: task, size: $0, width: width, seed: seed &+ place) }
                }
            }
        }
    }

    static var quick: RecallPlan {
        var plan = RecallPlan()
        plan.tasks = [.associative]
        plan.sizes = [6]
        plan.widths = [32]
        plan.stepCount = 1500
        plan.allowedSeconds = 10
        return plan
    }
}

/// One thing that a fresh model learns to recall.
public struct RecallTrial: Sendable, Equatable {
    public var task: RecallTask
    /// How much there is to recall.
    public var size: Int
    public var width: Int
    public var seed: UInt64
}

/// How well a model recalls.
public struct RecallResult: Codable, Sendable, Equatable {
    public var task: RecallTask
    /// How much there was to recall.
    public var size: Int
    public var width: Int
    public var seed: UInt64
    public var parameterCount: Int
    /// The bytes of the state or cache at the end of a sequence.
    public var stateByteCount: Int
    /// The share of right answers on sequences that the model has not learnt from.
    public var accuracy: Double
    /// The rate that this was learnt with, the best of those tried.
    public var learningRate: Double
    public var steps: Int
    /// Of the trainings with all rates.
    public var seconds: Double

    var trial: RecallTrial { RecallTrial(task: task, size: size, width: width, seed: seed) }
}

/// Teaches a fresh model a recall task and tests it.
struct RecallTraining {
    let plan: RecallPlan
    let clock: @Sendable () -> Double

    private static let testCount = 200
    private static let warmup = 50
    /// Nearly every answer right: there is nothing more to learn.
    private static let everything = 0.998

    /// Learns with each rate until one has taught everything.
    /// - Returns: The best result; `nil` if it was cancelled.
    func run(
        _ architecture: String, _ trial: RecallTrial, on workspace: Workspace, isCancelled: () -> Bool
    ) throws -> RecallResult? {
        var best: RecallResult?
        var seconds = 0.0
        for rate in plan.learningRates where (best?.accuracy ?? 0) < Self.everything {
            guard let found = try run(architecture, trial, rate: rate, on: workspace, isCancelled: isCancelled)
            else { return nil }
            seconds += found.seconds
            if found.accuracy > best?.accuracy ?? -1 { best = found }
        }
        best?.seconds = seconds
        return best
    }

    private func run(
        _ architecture: String, _ trial: RecallTrial, rate: Double, on workspace: Workspace, isCancelled: () -> Bool
    ) throws -> RecallResult? {
        let (task, size, width, seed) = (trial.task, trial.size, trial.width, trial.seed)
        let configuration = ModelConfiguration(
            architecture: architecture, layerCount: plan.layerCount, width: width,
            vocabularySize: RecallTask.vocabularySize(for: size))
        let model = try LanguageModel(
            initializing: configuration, seed: seed, learningRate: Float(rate))
        let gradients = Gradients(model.parameters, in: workspace.buffers)
        let optimizer = try AdamW(model.parameters, AdamWOptions())
        var random = RandomNumbers(seed: seed, stream: 7)
        let began = clock()
        var steps = 0
        var recent = 0.0
        while steps < plan.stepCount, clock() - began < plan.allowedSeconds, recent < Self.everything {
            if isCancelled() { return nil }
            gradients.reset()
            let tape = Tape(on: workspace, gradients: gradients)
            let (right, count) = try answers(model, task, size, count: plan.batchSize, &random, on: tape)
            tape.backward()
            recent += 0.05 * (Double(right) / Double(count) - recent)
            let norm = gradients.norm(on: workspace)
            let rise = min(1, Double(steps + 1) / Double(Self.warmup))
            let fall = 1 - 0.9 * Double(steps) / Double(plan.stepCount)
            optimizer.update(
                gradients, rate: rate * rise * fall, gradientScale: norm > 1 ? 1 / norm : 1, on: workspace)
            steps += 1
        }
        let seconds = clock() - began
        var (right, count) = (0, 0)
        // Sequences of another stream than those of the training.
        var test = RandomNumbers(seed: seed, stream: 8)
        for _ in 0..<Self.testCount / 20 {
            let found = try answers(model, task, size, count: 20, &test, on: Tape(on: workspace))
            (right, count) = (right + found.right, count + found.count)
        }
        return RecallResult(
            task: task, size: size, width: width, seed: seed, parameterCount: model.parameterCount,
            stateByteCount: try stateByteCount(model, task, size, &test, on: workspace),
            accuracy: Double(right) / Double(count), learningRate: rate, steps: steps, seconds: seconds)
    }

    /// Reads some sequences; on a recording tape, the loss of the answers is what is gone back from.
    /// - Returns: How many answers were the most probable token, of how many.
    private func answers(
        _ model: LanguageModel, _ task: RecallTask, _ size: Int, count: Int, _ random: inout RandomNumbers,
        on tape: Tape
    ) throws -> (right: Int, count: Int) {
        var (chunks, targets) = ([SequenceChunk](), [Int32]())
        for _ in 0..<count {
            let (tokens, places) = task.sequence(size: size, &random)
            chunks.append(
                SequenceChunk(tokens: Array(tokens.dropLast()), state: model.initialState(), wanted: .places(places)))
            targets += places.map { tokens[$0 + 1] }
        }
        let logits = try model(&chunks, on: tape)
        let right = targets.indices.filter { row in
            let values = logits.values(ofRow: row)
            return values[Int(targets[row])] == values.max()
        }.count
        // Turns the logits into their gradient, so it comes last.
        if tape.isRecording { _ = tape.crossEntropy(logits, targets) }
        return (right, targets.count)
    }

    private func stateByteCount(
        _ model: LanguageModel, _ task: RecallTask, _ size: Int, _ random: inout RandomNumbers, on workspace: Workspace
    ) throws -> Int {
        var state = model.initialState()
        _ = try model(task.sequence(size: size, &random).tokens, state: &state, on: Tape(on: workspace))
        return state.byteCount
    }
}
