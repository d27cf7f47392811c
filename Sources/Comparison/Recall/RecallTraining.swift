public import LanguageModels
public import Tensors
internal import Training

/// Which recall tasks, and how long models learn them.
public struct RecallPlan: Codable, Sendable, Equatable {
    public var tasks = RecallTask.allCases
    /// How much there is to recall; see `RecallTask.sequence`.
    public var size = 16
    /// The widths of the models: the wider, the larger the state.
    public var widths = [32, 64, 128]
    public var layerCount = 2
    public var stepCount = 3000
    public var batchSize = 32
    public var learningRate = 3e-3
    /// A training ends early when it has taken so long.
    public var allowedSeconds = 300.0

    public init() {}

    static var quick: RecallPlan {
        var plan = RecallPlan()
        plan.tasks = [.associative]
        plan.size = 6
        plan.widths = [32]
        plan.stepCount = 1500
        plan.allowedSeconds = 10
        return plan
    }
}

/// How well a model recalls.
public struct RecallResult: Codable, Sendable, Equatable {
    public var task: RecallTask
    public var width: Int
    public var parameterCount: Int
    /// The bytes of the state or cache at the end of a sequence.
    public var stateByteCount: Int
    /// The share of right answers on sequences that the model has not learnt from.
    public var accuracy: Double
    public var steps: Int
    public var seconds: Double
}

/// Teaches a fresh model a recall task and tests it.
struct RecallTraining {
    let plan: RecallPlan
    let seed: UInt64
    let clock: @Sendable () -> Double

    private static let testCount = 200
    private static let warmup = 50

    /// - Returns: `nil` if it was cancelled.
    func run(
        _ architecture: String, _ task: RecallTask, width: Int, on workspace: Workspace, isCancelled: () -> Bool
    ) throws -> RecallResult? {
        let configuration = ModelConfiguration(
            architecture: architecture, layerCount: plan.layerCount, width: width,
            vocabularySize: RecallTask.vocabularySize)
        let model = try LanguageModel(
            initializing: configuration, seed: seed, learningRate: Float(plan.learningRate))
        let gradients = Gradients(model.parameters, in: workspace.buffers)
        let optimizer = try AdamW(model.parameters, AdamWOptions())
        var random = RandomNumbers(seed: seed, stream: 7)
        let began = clock()
        var steps = 0
        var recent = 0.0
        // Nearly every answer right for a while: there is nothing more to learn.
        while steps < plan.stepCount, clock() - began < plan.allowedSeconds, recent < 0.998 {
            if isCancelled() { return nil }
            gradients.reset()
            let tape = Tape(on: workspace, gradients: gradients)
            let (right, count) = try answers(model, task, count: plan.batchSize, &random, on: tape)
            tape.backward()
            recent += 0.05 * (Double(right) / Double(count) - recent)
            let norm = gradients.norm(on: workspace)
            let rise = min(1, Double(steps + 1) / Double(Self.warmup))
            let fall = 1 - 0.9 * Double(steps) / Double(plan.stepCount)
            optimizer.update(
                gradients, rate: plan.learningRate * rise * fall, gradientScale: norm > 1 ? 1 / norm : 1, on: workspace)
            steps += 1
        }
        let seconds = clock() - began
        var (right, count) = (0, 0)
        // Sequences of another stream than those of the training.
        var test = RandomNumbers(seed: seed, stream: 8)
        for _ in 0..<Self.testCount / 20 {
            let found = try answers(model, task, count: 20, &test, on: Tape(on: workspace))
            (right, count) = (right + found.right, count + found.count)
        }
        return RecallResult(
            task: task, width: width, parameterCount: model.parameterCount,
            stateByteCount: try stateByteCount(model, task, &test, on: workspace),
            accuracy: Double(right) / Double(count), steps: steps, seconds: seconds)
    }

    /// Reads some sequences; on a recording tape, the loss of the answers is what is gone back from.
    /// - Returns: How many answers were the most probable token, of how many.
    private func answers(
        _ model: LanguageModel, _ task: RecallTask, count: Int, _ random: inout RandomNumbers, on tape: Tape
    ) throws -> (right: Int, count: Int) {
        var (chunks, targets) = ([SequenceChunk](), [Int32]())
        for _ in 0..<count {
            let (tokens, places) = task.sequence(size: plan.size, &random)
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
        _ model: LanguageModel, _ task: RecallTask, _ random: inout RandomNumbers, on workspace: Workspace
    ) throws -> Int {
        var state = model.initialState()
        _ = try model(task.sequence(size: plan.size, &random).tokens, state: &state, on: Tape(on: workspace))
        return state.byteCount
    }
}
