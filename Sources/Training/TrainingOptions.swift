public import Tensors

/// The numbers that matrix products multiply in training. Sums, weights, recurrences, norms and the loss are `f32` anyway.
public enum TrainingPrecision: String, Codable, Sendable, CaseIterable {
    case f32
    case bf16

    /// The faster one of a processor, where its loss is as good.
    public static func best(on kernels: Kernels) -> TrainingPrecision { kernels.prefersBF16 ? .bf16 : .f32 }
}

/// How a model is trained. Saved with every checkpoint, so that a resumed run goes on with the same settings.
public struct TrainingOptions: Codable, Sendable, Equatable {
    /// B, the sequences per step.
    public var batchSize = 8
    /// T, the tokens per sequence.
    public var contextLength = 256
    /// The steps of the whole run; the learning rate reaches its last value at the end of them.
    public var stepCount = 1000
    public var schedule = LearningRateSchedule()
    public var optimizer = AdamWOptions()
    /// Gradients are scaled so that their global norm is at most this; 0 leaves them alone.
    public var gradientClip = 1.0
    /// RWKV-LM's pull on the largest logits; see `Tape.crossEntropy`.
    public var l2Wrap: Float = 1e-4
    /// The probability with which an element of each block's contribution is zeroed during training.
    public var dropout: Float = 0
    /// How memory is saved; `nil` in checkpoints of runs that knew of no such thing.
    public var memory: MemoryOptions? = MemoryOptions()
    /// The numbers that are multiplied: `bf16`, or 32-bit ones if `nil` or `f32`.
    public var precision: TrainingPrecision?
    /// What is done about NaN and spikes of the loss; stops at NaN if `nil`.
    public var policy: SpikePolicy? = SpikePolicy()
    /// Decides the order of the data and the dropout; the same seed gives the same weights, bit for bit.
    public var seed: UInt64 = 1

    /// The number of steps of a run whose length will be decided by its speed.
    public static let undecided = 1 << 40

    public init() {}

    /// Throws for settings that cannot work.
    public func validate() throws(TrainingError) {
        func require(_ holds: Bool, _ what: String, _ found: String, _ needed: String) throws(TrainingError) {
            if !holds { throw .invalidOption(what: what, found: found, needed: needed) }
        }
        // So that the tokens of a step can be counted, and their targets be listed.
        try require((1...1 << 20).contains(batchSize), "batch size", "\(batchSize)", "from 1 to \(1 << 20)")
        try require((1...1 << 30).contains(contextLength), "context length", "\(contextLength)", "from 1 to \(1 << 30)")
        try require(stepCount >= 1, "number of steps", "\(stepCount)", "at least 1")
        try require(schedule.warmupSteps >= 0, "warm-up", "\(schedule.warmupSteps)", "at least 0")
        if let count = memory?.sequencesPerPass {
            try require(count >= 1, "number of sequences per pass", "\(count)", "at least 1")
        }
        if let length = memory?.segmentLength {
            try require(length >= 1, "segment length", "\(length)", "at least 1")
        }
        for (what, rate) in [("learning rate", schedule.peak), ("final learning rate", schedule.last)] {
            try require(rate >= 0 && rate.isFinite, what, "\(rate)", "a finite number of at least 0")
        }
        try require(
            gradientClip >= 0 && gradientClip.isFinite, "gradient clip", "\(gradientClip)", "0 (none) or more")
        try require(l2Wrap >= 0 && l2Wrap.isFinite, "l2-wrap", "\(l2Wrap)", "a finite number of at least 0")
        try require(dropout >= 0 && dropout < 1, "dropout", "\(dropout)", "from 0 to below 1")
        try require(
            optimizer.weightDecay >= 0 && optimizer.weightDecay.isFinite, "weight decay", "\(optimizer.weightDecay)",
            "a finite number of at least 0")
        for beta in [optimizer.beta1, optimizer.beta2] {
            try require(beta >= 0 && beta < 1, "beta", "\(beta)", "from 0 to below 1")
        }
        if let policy {
            try require(policy.notFinite != .ignore, "policy for numbers that are not finite", "ignore", "stop or skip")
            try require(policy.threshold > 0, "threshold of a spike", "\(policy.threshold)", "above 0")
        }
        try require(optimizer.epsilon > 0, "epsilon", "\(optimizer.epsilon)", "above 0")
    }
}
