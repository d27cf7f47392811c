internal import RWKV

/// Times steps of training with one kind of numbers and one number of threads.
final class TrainingBench {
    let precision: TrainingPrecision
    let threadCount: Int
    private let trainer: Trainer
    private let products: SquareProductBench
    private let tokenCount: Int
    private var seconds = Double.infinity

    init(
        _ configuration: ModelConfiguration, _ precision: TrainingPrecision, threadCount: Int, contextLength: Int,
        batchSize: Int, sequencesPerPass: Int?, recomputesBlocks: Bool
    ) throws {
        self.precision = precision
        self.threadCount = threadCount
        tokenCount = contextLength * batchSize
        var options = TrainingOptions()
        (options.contextLength, options.batchSize, options.precision) = (contextLength, batchSize, precision)
        options.memory?.sequencesPerPass = sequencesPerPass
        options.memory?.recomputesBlocks = recomputesBlocks
        var random = RandomNumbers(seed: 1)
        let tokens = (0..<2 * tokenCount + 2).map { _ in Int32(random.below(configuration.vocabularySize)) }
        trainer = try Self.trainer(configuration, options, tokens, Workspace(threadCount: threadCount))
        products = try SquareProductBench(threadCount: threadCount, precision == .bf16 ? .bf16 : .f32)
    }

    private static func trainer(
        _ configuration: ModelConfiguration, _ options: TrainingOptions, _ tokens: [Int32], _ workspace: Workspace
    ) throws -> Trainer {
        let model = try LanguageModel(initializing: configuration, seed: 1)
        return try Trainer(model, options, tokens: tokens, on: workspace)
    }

    /// Takes a step, and keeps what is better than before.
    func round() throws {
        products.round()
        seconds = min(seconds, try time { _ = try trainer.step() })
    }

    /// Takes a step and says where its time went.
    func profile() throws -> ModelProfile {
        let profile = OpProfile()
        let workspace = Workspace(threadCount: threadCount, profile: profile)
        let profiled = try Trainer(trainer.model, trainer.options, tokens: text, on: workspace)
        return try ModelProfile(tokenCount: tokenCount, steps: 1, profile) { _ = try profiled.step() }
    }

    private var text: [Int32] {
        (0..<2 * tokenCount + 2).map { Int32($0 % trainer.model.configuration.vocabularySize) }
    }

    var title: String { "\(trainer.model.configuration.architecture), \(trainer.model.parameterCount) parameters" }

    var tokensPerSecond: Double { Double(tokenCount) / seconds }

    /// Floating-point operations per second of the step's matrix products.
    var flops: Double { 3 * Double(trainer.model.operationsPerToken(withHead: true)) * tokensPerSecond }

    /// The same of a product of square matrices.
    var productFlops: Double { products.flops }

    /// What the step has taken from the workspace, and the weights and their moments.
    var byteCount: Int { trainer.workspace.buffers.allocatedByteCount + 12 * trainer.model.parameterCount }

    var json: [String: Any] {
        [
            "precision": precision.rawValue, "threads": threadCount, "tokens_per_second": tokensPerSecond,
            "flops": flops, "product_flops": productFlops, "memory_bytes": byteCount,
        ]
    }
}

extension LanguageModel {
    /// The multiplications and additions of a token's matrix products.
    func operationsPerToken(withHead: Bool) -> Int {
        parameters.reduce(0) { sum, parameter in
            let counts =
                parameter.shape.extents.count == 2 && parameter.role != .embedding
                && (withHead || parameter.name != "head.weight")
            return sum + (counts ? 2 * parameter.count : 0)
        }
    }
}
