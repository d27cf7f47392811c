public import ArgumentParser
public import RWKV

/// The sizes of a new model.
struct SizeOptions: ParsableArguments {
    static let names = ["architecture", "layers", "width", "hidden", "head-size", "ranks"]

    @Option(help: "The kind of model: \(architectures.map { $0.name }.joined(separator: ", ")).")
    var architecture = RWKV4.name

    @Option(help: "The number of blocks.")
    var layers = 4

    @Option(help: "The width of the residual stream.")
    var width = 128

    @Option(
        help:
            "The width inside the channel mix; 4 times the width by default, 3.5 times for RWKV-5 and 6; rnn and lstm have none."
    )
    var hidden: Int?

    @Option(
        help:
            "The channels of each head, for RWKV-5 to 7 and transformer; 64 by default, fewer if that does not divide the width."
    )
    var headSize: Int?

    @Option(
        help: ArgumentHelp(
            """
            Ranks of low-rank parts: mix and decay for rwkv6, w, a, v and g for rwkv7, also s for rwkv7a. By default as \
            in the published models.
            """, valueName: "name=rank,…"))
    var ranks: Ranks?

    func validate() throws {
        guard architectures.contains(where: { $0.name == architecture }) else {
            let names = architectures.map { $0.name }.joined(separator: ", ")
            throw ValidationError("--architecture is “\(architecture)”; it must be one of \(names)")
        }
        let limits = [
            ("layers", layers, ModelConfiguration.maximumLayerCount), ("width", width, ModelConfiguration.maximumSize),
            ("hidden", hidden ?? 1, ModelConfiguration.maximumSize),
            ("head-size", headSize ?? 1, ModelConfiguration.maximumSize),
        ]
        for (name, size, limit) in limits where !(1...limit).contains(size) {
            throw ValidationError("--\(name) is \(size); it must be from 1 to \(limit)")
        }
        if let headSize, width % headSize != 0 {
            throw ValidationError("--head-size is \(headSize); it must divide the width, which is \(width)")
        }
    }

    func configuration(vocabularySize: Int) throws -> ModelConfiguration {
        var configuration = ModelConfiguration(
            architecture: architecture, layerCount: layers, width: width, hiddenWidth: hidden,
            vocabularySize: vocabularySize, headSize: headSize)
        for (name, rank) in ranks?.values ?? [:] {
            guard configuration.ranks.updateValue(rank, forKey: name) != nil else {
                let known = configuration.ranks.keys.filter { $0 != name }.sorted()
                throw ValidationError(
                    "\(architecture) has no rank “\(name)”"
                        + (known.isEmpty ? "" : "; it has \(known.joined(separator: ", "))"))
            }
        }
        return configuration
    }

    /// Ranks by name, as they are given on the command line.
    struct Ranks: ExpressibleByArgument {
        var values: [String: Int] = [:]

        init?(argument: String) {
            for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
                let pair = part.split(separator: "=", omittingEmptySubsequences: false)
                guard pair.count == 2, !pair[0].isEmpty, let rank = Int(pair[1]), rank > 0 else { return nil }
                values[String(pair[0])] = rank
            }
        }
    }
}

/// How to train.
struct TrainingSettings: ParsableArguments {
    @Option(help: "The tokens of each sequence.")
    var context = 256

    @Option(help: "The sequences of each step.")
    var batch = 8

    @Option(
        help: ArgumentHelp(
            """
            The sequences that are computed at once: a step adds up as many passes as it takes. By default as many as make some \
            1024 tokens.
            """,
            valueName: "n"))
    var microBatch: Int?

    @Option(
        help: ArgumentHelp(
            """
            The tokens through which gradients go back, to save memory with long contexts; the state is carried on. The \
            whole context by default.
            """, valueName: "tokens"))
    var segment: Int?

    @Flag(help: "Compute blocks a second time for the backward pass, to save memory: a third slower.")
    var checkpointing = false

    @Option(
        help: """
            The numbers that matrix products multiply: bf16 or f32. By default bf16 where the processor has such products; \
            weights, sums and the loss are f32 anyway.
            """)
    var precision: TrainingPrecision?

    @Option(help: "How long: a number of steps (1000 unless something else is said),")
    var steps: Int?

    @Option(help: "or of passes over the data,")
    var epochs: Double?

    @Option(help: "or about this many minutes.")
    var minutes: Double?

    @Option(name: .customLong("lr"), help: "The learning rate after the warm-up.")
    var rate = 2e-3

    @Option(name: .customLong("lr-final"), help: "The learning rate at the end; a tenth by default.")
    var lastRate: Double?

    @Option(help: "The steps over which the learning rate rises.")
    var warmup = 50

    @Option(help: "The way down from there: cosine, linear, constant.")
    var schedule = LearningRateSchedule.Shape.cosine

    @Option(help: "AdamW's decay of matrices.")
    var weightDecay = 0.1

    @Option(help: "AdamW's β₁.")
    var beta1 = 0.9

    @Option(help: "AdamW's β₂.")
    var beta2 = 0.99

    @Option(help: "AdamW's ε.")
    var epsilon = 1e-8

    @Option(help: "The largest gradient norm; 0 for any.")
    var clip = 1.0

    @Option(help: "The probability with which parts of each block's output are dropped.")
    var dropout: Float = 0

    @Option(help: "RWKV-LM's pull on the largest logits.")
    var l2Wrap: Float = 1e-4

    @Option(help: "When the loss or a gradient is no finite number: stop, or skip the step.")
    var onNan = SpikePolicy.Action.stop

    @Option(help: "When the loss is far above that of the steps before: ignore, skip the step, or stop.")
    var onSpike = SpikePolicy.Action.ignore

    @Option(help: "How far that is, in standard deviations of the losses before.")
    var spikeThreshold = 6.0

    @Option(help: "The same seed gives the same weights, bit for bit.")
    var seed: UInt64 = 1

    @Option(help: "Steps between validations.")
    var validEvery = 200

    @Option(help: "Seconds between checkpoints.")
    var saveEvery = 60.0

    func options() -> TrainingOptions {
        var options = TrainingOptions()
        options.batchSize = batch
        options.contextLength = context
        options.memory?.sequencesPerPass = microBatch
        options.memory?.segmentLength = segment
        options.memory?.recomputesBlocks = checkpointing
        options.precision = precision ?? .best(on: .best)
        options.schedule.peak = rate
        options.schedule.last = lastRate ?? rate / 10
        options.schedule.warmupSteps = warmup
        options.schedule.shape = schedule
        options.optimizer.weightDecay = weightDecay
        options.optimizer.beta1 = beta1
        options.optimizer.beta2 = beta2
        options.optimizer.epsilon = epsilon
        options.gradientClip = clip
        options.l2Wrap = l2Wrap
        options.policy?.notFinite = onNan
        options.policy?.spike = onSpike
        options.policy?.threshold = spikeThreshold
        options.dropout = dropout
        options.seed = seed
        // With --minutes the number of steps follows from the speed.
        if minutes != nil { options.stepCount = TrainingOptions.undecided }
        return options
    }

    func plan() -> TrainingRun.Plan {
        var plan = TrainingRun.Plan()
        plan.validationInterval = validEvery
        plan.saveInterval = saveEvery
        plan.seconds = minutes.map { $0 * 60 }
        return plan
    }

    func check() throws {
        let lengths = [steps != nil, epochs != nil, minutes != nil].filter { $0 }.count
        if lengths > 1 { throw ValidationError("only one of --steps, --epochs and --minutes can say how long") }
        if let steps, steps < 1 { throw ValidationError("--steps is \(steps); it must be at least 1") }
        if let epochs, !(epochs > 0 && epochs < 1e6) {
            throw ValidationError("--epochs is \(epochs); it must be above 0 and below 1000000")
        }
        if let minutes, !(minutes > 0 && minutes < 1e6) {
            throw ValidationError("--minutes is \(minutes); it must be above 0 and below 1000000")
        }
        if validEvery < 1 { throw ValidationError("--valid-every is \(validEvery); it must be at least 1") }
        if !(saveEvery >= 0) { throw ValidationError("--save-every is \(saveEvery); it must be at least 0") }
        do {
            try options().validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }
}

extension LearningRateSchedule.Shape: ExpressibleByArgument {}

extension TrainingPrecision: ExpressibleByArgument {}

extension SpikePolicy.Action: ExpressibleByArgument {}
