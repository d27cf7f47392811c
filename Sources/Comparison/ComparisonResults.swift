public import LanguageModels

/// Everything that a comparison has measured so far.
public struct ComparisonResults: Codable, Sendable, Equatable {
    public var plan: ComparisonPlan
    /// What the text is, so that a comparison is not gone on with another one: `tokens` and a checksum.
    public var text: String
    /// The machine: kernels and threads.
    public var machine: String
    /// The tokens that each model learns from, if all have as many.
    public var tokenCount: Int?
    /// In the order of the plan.
    public var models: [ModelResults]
}

/// What has been measured of one architecture.
public struct ModelResults: Codable, Sendable, Equatable {
    public var configuration: ModelConfiguration
    public var parameterCount: Int
    public var training: TrainingResult?
    public var generation: GenerationResult?
    public var contexts: [ContextPoint]?
    public var positions: [PositionPoint]?
    public var reach: [ReachPoint]?
    public var recall: [RecallResult]?
    /// Fitted to what is there of `generation` and `contexts`.
    public var exponents: Exponents?

    public var name: String { configuration.architecture }
}

/// How a model learnt.
public struct TrainingResult: Codable, Sendable, Equatable {
    /// A moment of the training; the loss is the mean of the steps since the last.
    public struct Point: Codable, Sendable, Equatable {
        public var tokens: Int
        public var seconds: Double
        /// In nats per token.
        public var loss: Double
    }

    /// A validation.
    public struct Validation: Codable, Sendable, Equatable {
        public var tokens: Int
        public var seconds: Double
        public var bitsPerByte: Double
    }

    public var steps: Int
    public var tokens: Int
    /// The seconds of the steps, without validations.
    public var seconds: Double
    public var curve: [Point]
    public var validations: [Validation]

    /// After the last step.
    public var bitsPerByte: Double? { validations.last?.bitsPerByte }
}

/// How what a model costs grows with the length: each measure as a power of it.
public struct Exponents: Codable, Sendable, Equatable {
    /// Generation, from N = 1,024 on: short texts show what a token costs anyway.
    public var timeOfToken, timeInAll, state: PowerFit?
    /// A training pass, from T = 256 on.
    public var trainingTime, trainingMemory: PowerFit?

    init(_ model: ModelResults) {
        let long = (model.generation?.points ?? []).filter { $0.length >= 1024 }
        timeOfToken = PowerFit(long.map { (x: Double($0.length), y: $0.secondsPerToken) })
        timeInAll = PowerFit(long.map { (x: Double($0.length), y: $0.secondsInAll) })
        state = PowerFit(long.map { (x: Double($0.length), y: Double($0.stateByteCount)) })
        let passes = (model.contexts ?? []).filter { $0.length >= 256 }
        trainingTime = PowerFit(passes.map { (x: Double($0.length), y: $0.seconds) })
        trainingMemory = PowerFit(passes.map { (x: Double($0.length), y: Double($0.byteCount)) })
    }
}
