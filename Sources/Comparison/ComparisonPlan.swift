internal import LanguageModels

/// What is compared, and with what budget. Saved with the results, so that a comparison goes on with the same settings.
public struct ComparisonPlan: Codable, Sendable, Equatable {
    /// What every architecture is given the same amount of, besides parameters.
    public enum Budget: Codable, Sendable, Equatable {
        /// So many tokens to learn from, each.
        case tokens(Int)
        /// As many tokens each as make so many minutes for all together; the slower take more of the time.
        case equalTokensInMinutes(Double)
        /// So many minutes each.
        case minutes(Double)
    }

    /// The parts of a comparison.
    public enum Part: String, Codable, Sendable, CaseIterable {
        /// Learning curves and validation loss. The others measure the models that this makes.
        case training
        /// Time per token and memory after so many tokens.
        case generation
        /// Time and memory of a training step by the length of its context.
        case contexts
        /// Loss by the position in the context.
        case positions
        /// How far gradients reach back.
        case reach
        /// What can be looked up in what was read.
        case recall
    }

    public var architectures: [String]
    /// Every model is given about this many.
    public var parameterCount: Int
    public var layerCount: Int
    public var vocabularySize: Int
    public var contextLength: Int
    public var batchSize: Int
    public var budget: Budget
    public var learningRate: Double
    public var seed: UInt64
    public var parts: [Part]
    /// The lengths after which the time of a token is measured; those above `longestGrowing` only for models whose state does
    /// not grow.
    public var generationLengths: [Int]
    public var longestGrowing: Int
    /// The seconds that an architecture's generation may be measured; what would take longer is left out.
    public var generationSeconds: Double
    /// The context lengths whose training step is measured.
    public var trainingLengths: [Int]
    /// How many windows of the validation text go into loss by position and reach of gradients.
    public var windowCount: Int
    public var recall: RecallPlan

    /// A comparison of a few hours.
    public init(architectures: [String] = Self.usualArchitectures, vocabularySize: Int = 256) {
        self.architectures = architectures
        self.vocabularySize = vocabularySize
        parameterCount = 1_000_000
        layerCount = 4
        contextLength = 256
        batchSize = 8
        budget = .equalTokensInMinutes(60)
        learningRate = 2e-3
        seed = 1
        parts = Part.allCases
        generationLengths = (7...16).map { 1 << $0 } + [131_072, 262_144, 524_288, 1_000_000]
        longestGrowing = 65_536
        generationSeconds = 600
        trainingLengths = (7...12).map { 1 << $0 }
        windowCount = 24
        recall = RecallPlan()
    }

    /// The same in less than ten minutes on two processors: smaller models, less of everything.
    public static func quick(
        architectures: [String] = Self.usualArchitectures, vocabularySize: Int = 256
    ) -> ComparisonPlan {
        var plan = ComparisonPlan(architectures: architectures, vocabularySize: vocabularySize)
        plan.parameterCount = 250_000
        plan.layerCount = 2
        plan.contextLength = 128
        plan.budget = .equalTokensInMinutes(3)
        plan.generationLengths = (7...16).map { 1 << $0 } + [131_072]
        plan.generationSeconds = 8
        plan.trainingLengths = (7...11).map { 1 << $0 }
        plan.windowCount = 8
        plan.recall = .quick
        return plan
    }

    public static let usualArchitectures = ["rnn", "lstm", "transformer", "rwkv4", "rwkv5.2", "rwkv6", "rwkv7"]

    /// Throws for settings that cannot work.
    public func validate() throws(ComparisonError) {
        let known = LanguageModels.architectures.map { $0.name }
        for name in architectures where !known.contains(name) {
            throw .invalidSetting(what: "architecture", found: name, needed: "one of \(known.joined(separator: ", "))")
        }
        if Set(architectures).count < architectures.count || architectures.isEmpty {
            throw .invalidSetting(
                what: "list of architectures", found: architectures.joined(separator: ", "),
                needed: "names, each once")
        }
        let sizes =
            [
                ("number of parameters", parameterCount, 10_000), ("number of layers", layerCount, 1),
                ("context length", contextLength, 2), ("batch size", batchSize, 1),
                ("number of windows", windowCount, 1),
                ("number of steps to learn to recall", recall.stepCount, 1),
            ] + recall.widths.map { ("width of a model that learns to recall", $0, 8) }
            + recall.sizes.map { ("number of pairs to recall", $0, 1) }
        for (what, found, least) in sizes where found < least {
            throw .invalidSetting(what: what, found: "\(found)", needed: "at least \(least)")
        }
        switch budget {
        case .tokens(let count) where count < 1:
            throw .invalidSetting(what: "number of tokens", found: "\(count)", needed: "at least 1")
        case .minutes(let minutes) where !(minutes > 0 && minutes < 1e6),
            .equalTokensInMinutes(let minutes) where !(minutes > 0 && minutes < 1e6):
            throw .invalidSetting(what: "number of minutes", found: "\(minutes)", needed: "above 0")
        default: break
        }
        if !(1...1000).contains(recall.seedCount) {
            throw .invalidSetting(
                what: "number of seeds to learn to recall from", found: "\(recall.seedCount)", needed: "1 to 1000")
        }
        if !(recall.allowedSeconds > 0) {
            throw .invalidSetting(
                what: "time to learn to recall", found: "\(recall.allowedSeconds)", needed: "above 0")
        }
        if !(generationSeconds > 0) {
            throw .invalidSetting(what: "time to measure generation", found: "\(generationSeconds)", needed: "above 0")
        }
        for rate in [learningRate] + recall.learningRates where !(rate > 0 && rate.isFinite) {
            throw .invalidSetting(what: "learning rate", found: "\(rate)", needed: "above 0")
        }
    }
}

/// Why a comparison cannot be made or cannot go on.
public enum ComparisonError: Error, Equatable, Sendable {
    case invalidSetting(what: String, found: String, needed: String)
    /// The folder holds results of another comparison.
    case otherSettings(path: String, differing: [String])
    case unreadableResults(path: String, reason: String)
    case cannotMatch(architecture: String, parameterCount: Int, nearest: Int)
    case textTooShort(what: String, found: Int, needed: Int)
    /// What was measured before is kept.
    case failed(architecture: String, part: ComparisonPlan.Part, reason: String)
}

extension ComparisonError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .invalidSetting(let what, let found, let needed): "the \(what) is \(found); needed is \(needed)"
        case .otherSettings(let path, let differing):
            "\(path) holds a comparison with another \(differing.joined(separator: ", ")); choose another folder"
        case .unreadableResults(let path, let reason): "\(path) cannot be read: \(reason)"
        case .cannotMatch(let architecture, let count, let nearest):
            "no \(architecture) has about \(count) parameters; the nearest has \(nearest). Choose more, or fewer layers"
        case .textTooShort(let what, let found, let needed):
            "the \(what) has \(found) tokens; needed are at least \(needed)"
        case .failed(let architecture, let part, let reason): "\(architecture), \(part.rawValue): \(reason)"
        }
    }
}
