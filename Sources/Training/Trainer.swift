public import LanguageModels
public import Tensors
public import TrainingData

/// Trains a model: one call of `step` per optimiser update.
///
///     let trainer = try Trainer(model, options, tokens: tokens, on: Workspace())
///     while trainer.stepsDone < options.stepCount { print(try trainer.step().loss) }
///
/// For one level of kernels the weights after n steps are the same bits for any number of threads, and whether or not
/// the run was interrupted in between.
public final class Trainer {
    public let model: LanguageModel
    public let workspace: Workspace
    /// The settings; the number of steps may still be set before the schedule has begun to depend on it.
    public private(set) var options: TrainingOptions
    /// How many steps have been taken.
    public private(set) var stepsDone: Int
    /// How the loss has gone, and what was skipped.
    public private(set) var trend: LossTrend
    let optimizer: AdamW

    private var sampler: BatchSampler
    private let gradients: Gradients
    private let narrowWeights: NarrowWeights?

    /// - Parameters:
    ///   - model: Loaded with a `Tuning`, or freshly initialised.
    ///   - tokens: The training text; documents end with token 0.
    /// - Throws: `TrainingError` for settings or data that cannot work.
    public convenience init(
        _ model: LanguageModel, _ options: TrainingOptions, tokens: [Int32], on workspace: Workspace
    ) throws(TrainingError) {
        try self.init(model, options, data: TrainingSet(tokens: tokens), on: workspace)
    }

    /// - Parameters:
    ///   - model: Loaded with a `Tuning`, or freshly initialised.
    ///   - data: What it learns from.
    /// - Throws: `TrainingError` for settings or data that cannot work.
    public convenience init(
        _ model: LanguageModel, _ options: TrainingOptions, data: TrainingSet, on workspace: Workspace
    ) throws(TrainingError) {
        let optimizer = try AdamW(model.parameters, options.optimizer)
        try self.init(model, options, data, optimizer, stepsDone: 0, LossTrend(), workspace)
    }

    init(
        _ model: LanguageModel, _ options: TrainingOptions, _ data: TrainingSet, _ optimizer: AdamW, stepsDone: Int,
        _ trend: LossTrend, _ workspace: Workspace
    ) throws(TrainingError) {
        try options.validate()
        let vocabularySize = model.configuration.vocabularySize
        if let (position, token) = data.firstToken(outside: vocabularySize) {
            throw .tokenOutOfRange(token: token, position: position, vocabularySize: vocabularySize)
        }
        self.model = model
        self.options = options
        self.optimizer = optimizer
        self.stepsDone = stepsDone
        self.trend = trend
        self.workspace = workspace
        sampler = try BatchSampler(
            data, batchSize: options.batchSize, contextLength: options.contextLength, seed: options.seed)
        gradients = Gradients(model.parameters, in: workspace.buffers)
        narrowWeights = options.precision == .bf16 ? NarrowWeights() : nil
    }

    /// The times that the data have been seen.
    public var epochsDone: Double { sampler.epochs(steps: stepsDone) }

    /// Sets how long the whole run is.
    public func setStepCount(_ count: Int) { options.stepCount = max(1, count) }

    /// Sets the length of the run to a number of passes over the data.
    public func setEpochCount(_ epochs: Double) { setStepCount(sampler.steps(epochs: epochs)) }

    /// Takes one step over the next batch, or leaves it out where the options' policy says so.
    /// - Throws: `TrainingError.notFinite` and `lossSpike` where the policy is to stop; the weights are then unchanged.
    public func step() throws(TrainingError) -> TrainingStep {
        let batch = nextBatch()
        let policy = options.policy ?? SpikePolicy()
        let trend = trend
        let step = stepsDone + 1
        var report: TrainingStep
        let targets = batch.flatMap(\.targets)
        let rate = options.schedule.rate(step: stepsDone, of: options.stepCount)
        do {
            report = try update(inputs: batch.map(\.inputs), targets: targets, rate: rate) {
                loss throws(TrainingError) in
                guard policy.spike != .ignore, trend.isSpike(loss, threshold: policy.threshold) else { return }
                throw .lossSpike(step: step, loss: loss, mean: trend.mean)
            }
            self.trend.add(report.loss)
        } catch {
            guard let (loss, action) = error.spike(policy), action == .skip else { throw error }
            self.trend.skip()
            if self.trend.skippedInRow > policy.patience { throw error }
            report = TrainingStep(
                step: step, tokens: targets.count, loss: loss, learningRate: rate, gradientNorm: .nan,
                skipped: error.reason)
        }
        stepsDone += 1
        return report
    }

    /// How memory is saved. A model that goes row by row has products of as many rows as there are sequences, so it is given
    /// more of them unless something is asked for.
    var memory: MemoryOptions {
        var memory = options.memory ?? MemoryOptions()
        if model.isSequential, memory.sequencesPerPass == nil {
            memory.sequencesPerPass = max(32, memory.passLimit(length: longestSequence))
        }
        return memory
    }

    /// The tokens that a step reads, on average.
    public var tokensPerStep: Double { Double(options.batchSize) * sampler.meanLength }

    /// The most tokens that a sequence has.
    var longestSequence: Int { sampler.longest }

    /// The sequences of the next step.
    func nextBatch() -> [TrainingSequence] { sampler.batch(step: stepsDone) }

    /// One update on the given sequences: loss, gradients, clipping, AdamW.
    /// - Parameter check: Sees the loss before anything has changed, and may throw.
    public func update(
        inputs: [[Int32]], targets: [Int32], rate: Double,
        check: (Double) throws(TrainingError) -> Void = { _ throws(TrainingError) in }
    ) throws(TrainingError) -> TrainingStep {
        let loss = try accumulate(inputs: inputs, targets: targets)
        try check(loss)
        let norm = gradients.norm(on: workspace)
        guard norm.isFinite else {
            throw .notFinite(
                step: stepsDone + 1, what: "a gradient",
                tensor: firstNonFinite { self.gradients.wanted($0)?.values.contains { !$0.isFinite } ?? false })
        }
        let clip = options.gradientClip
        let scale = clip > 0 && norm > clip ? clip / (norm + 1e-6) : 1
        optimizer.update(gradients, rate: rate, gradientScale: scale, on: workspace)
        narrowWeights?.reset()
        return TrainingStep(
            step: stepsDone + 1, tokens: targets.count, loss: loss, learningRate: rate, gradientNorm: norm)
    }

    /// The gradient of a parameter that learns, after `accumulate`.
    public func gradient(of parameter: Parameter) -> Tensor { gradients[parameter] }

    /// Computes the loss and, in `gradient(of:)`, its gradients for the given sequences, each from the model's first state.
    ///
    /// The sequences go through the model a few at a time and a segment at a time, as the options say; the gradients of all
    /// are added up.
    /// - Parameters:
    ///   - inputs: The sequences' tokens; no sequence is empty.
    ///   - targets: The token that follows each of the inputs, of all sequences one after the other, or
    ///     `Tape.ignoredTarget` where it does not count: loss and gradients are means over those that do.
    public func accumulate(inputs: [[Int32]], targets: [Int32]) throws(TrainingError) -> Double {
        let count = inputs.reduce(0) { $0 + $1.count }
        guard targets.count == count, count > 0, !inputs.contains(where: \.isEmpty) else {
            throw .invalidOption(
                what: "batch", found: "\(inputs.map(\.count)) inputs and \(targets.count) targets",
                needed: "sequences of at least one input with one target each")
        }
        try Self.check(inputs.flatMap { $0 }, model)
        try Self.check(targets.map { $0 == Tape.ignoredTarget ? 0 : $0 }, model)
        let counted = Tape.counted(targets)
        gradients.reset()
        var loss = 0.0
        for pass in TrainingPasses(inputs, targets, memory) {
            loss += try self.pass(pass, tokenCount: counted, on: workspace, narrowWeights)
        }
        guard loss.isFinite else {
            let tensor = firstNonFinite { $0.mutableFloats?.contains { !$0.isFinite } ?? false }
            throw .notFinite(step: stepsDone + 1, what: "the loss", tensor: tensor)
        }
        return loss
    }

    /// Computes loss and gradients of some sequences at once, in memory of `workspace`, and forgets them.
    func rehearse(inputs: [[Int32]], targets: [Int32], on workspace: Workspace) throws(TrainingError) {
        let narrowWeights = options.precision == .bf16 ? NarrowWeights() : nil
        var allAtOnce = MemoryOptions()
        allAtOnce.sequencesPerPass = inputs.count
        for pass in TrainingPasses(inputs, targets, allAtOnce) {
            _ = try self.pass(pass, tokenCount: targets.count, on: workspace, narrowWeights)
        }
        gradients.reset()
    }

    /// Does the work of an update, and changes nothing.
    func rehearseUpdate() {
        _ = gradients.norm(on: workspace)
        optimizer.rehearse(gradients, on: workspace)
    }

    /// The part of the step's loss that some sequences have, whose gradients are added to those of the step.
    private func pass(
        _ pass: TrainingPasses.Pass, tokenCount: Int, on workspace: Workspace, _ narrowWeights: NarrowWeights?
    ) throws(TrainingError) -> Double {
        var states = pass.segments[0].inputs.map { _ in model.initialState() }
        var loss = 0.0
        for (index, segment) in pass.segments.enumerated() {
            let tape = Tape(on: workspace, gradients: gradients)
            tape.dropout = DropoutSource(
                rate: options.dropout, seed: options.seed, step: stepsDone, pass: pass.index, segment: index)
            tape.recomputesBlocks = options.memory?.recomputesBlocks ?? false
            tape.beginsWithFirstState = index == 0
            tape.narrowWeights = narrowWeights
            let rows = segment.inputs.indices.filter { !segment.inputs[$0].isEmpty }
            var chunks = rows.map { SequenceChunk(tokens: segment.inputs[$0], state: states[$0], wanted: .all) }
            do {
                loss += try model.loss(
                    &chunks, targets: segment.targets.flatMap { $0 }, l2Wrap: options.l2Wrap, tokenCount: tokenCount,
                    on: tape)
            } catch {
                throw .invalidOption(what: "batch", found: "\(error)", needed: "sequences of the model's tokens")
            }
            tape.backward()
            for (row, chunk) in zip(rows, chunks) { states[row] = chunk.state }
        }
        return loss
    }

    private static func check(_ tokens: [Int32], _ model: LanguageModel) throws(TrainingError) {
        let vocabularySize = model.configuration.vocabularySize
        if let position = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
            throw .tokenOutOfRange(token: tokens[position], position: position, vocabularySize: vocabularySize)
        }
    }

    private func firstNonFinite(_ isNotFinite: (Parameter) -> Bool) -> String? {
        model.parameters.first(where: isNotFinite)?.name
    }
}

/// What one step did.
public struct TrainingStep: Sendable, Equatable {
    /// Its number, from 1.
    public let step: Int
    /// The tokens that it learnt from.
    public let tokens: Int
    /// The mean loss before the update, in nats per token.
    public let loss: Double
    public let learningRate: Double
    /// The gradients' global norm before clipping.
    public let gradientNorm: Double
    /// Why the weights were left as they were, if they were; the loss and the norm may then be NaN.
    public let skipped: String?

    public init(
        step: Int, tokens: Int, loss: Double, learningRate: Double, gradientNorm: Double, skipped: String? = nil
    ) {
        self.skipped = skipped
        self.step = step
        self.tokens = tokens
        self.loss = loss
        self.learningRate = learningRate
        self.gradientNorm = gradientNorm
    }
}
