internal import Checkpoints
internal import LanguageModels
public import Tensors
public import Training
internal import TrainingData

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Trains models of several architectures with one budget and measures them side by side, in a folder from which an
/// interrupted comparison goes on.
///
/// | file | what |
/// |---|---|
/// | `comparison.json` | all results so far |
/// | `report.html` | the same as plots and tables |
/// | `{architecture}/` | the training of a model, with its weights; see `RunFolder` |
public final class Comparison {
    /// What the comparison tells its caller.
    public enum Event {
        /// A part of an architecture's results begins.
        case began(ComparisonPlan.Part, architecture: String)
        /// A training has come so far.
        case training(TrainingLogEntry, steps: Int, secondsLeft: Double)
        /// A recall task is being learnt.
        case recall(RecallTrial)
        /// The results of the part are in `results`, and saved.
        case finished(ComparisonPlan.Part, architecture: String)
    }

    public private(set) var results: ComparisonResults
    private let folder: RunFolder
    private let tokens: [Int32]
    private let valid: [Int32]
    private let validation: ValidationSet
    private let workspace: Workspace
    private let clock: @Sendable () -> Double

    public var resultsPath: String { folder.file("comparison.json") }
    public var reportPath: String { folder.file("report.html") }
    /// The folder of the page's plots as SVG files.
    public var picturesPath: String { folder.file("plots") }

    /// - Parameters:
    ///   - tokens: The text to learn from.
    ///   - valid: The text to measure on.
    ///   - validByteCount: The bytes that it stands for.
    ///   - folder: Where results go, and come from if there are some.
    ///   - clock: Seconds from any beginning.
    /// - Throws: `ComparisonError` for settings or texts that cannot work, and if the folder holds other results.
    public init(
        _ plan: ComparisonPlan, tokens: [Int32], valid: [Int32], validByteCount: Int, in folder: RunFolder,
        on workspace: Workspace, clock: @escaping @Sendable () -> Double
    ) throws {
        try plan.validate()
        let needed = max(plan.contextLength, plan.trainingLengths.max() ?? 0) + 1
        for (what, text, least) in [
            ("text to learn from", tokens, needed), ("text to measure on", valid, 4 * plan.contextLength + 2),
        ] where text.count < least {
            throw ComparisonError.textTooShort(what: what, found: text.count, needed: least)
        }
        self.tokens = tokens
        self.valid = valid
        self.folder = folder
        self.workspace = workspace
        self.clock = clock
        validation = ValidationSet(valid, byteCount: validByteCount, windowLength: plan.contextLength)
        let fingerprint = String(TrainingSet(tokens: tokens + valid).fingerprint, radix: 16)
        let threads = workspace.threads.threadCount
        results = ComparisonResults(
            plan: plan,
            text: "\(tokens.count) + \(valid.count) tokens, \(fingerprint)",
            machine: "\(workspace.kernels.name), \(threads) thread\(threads == 1 ? "" : "s")", models: [])
        if let data = FileManager.default.contents(atPath: resultsPath) {
            let found: ComparisonResults
            do {
                let decoder = JSONDecoder()
                decoder.keyDecodingStrategy = .convertFromSnakeCase
                found = try decoder.decode(ComparisonResults.self, from: data)
            } catch {
                throw ComparisonError.unreadableResults(path: resultsPath, reason: "\(error)")
            }
            let differing = Self.differences(found, results)
            if !differing.isEmpty { throw ComparisonError.otherSettings(path: folder.path, differing: differing) }
            results = found
            // More parts may be asked for than the first time.
            results.plan.parts = plan.parts
        } else {
            results.models = try plan.architectures.map { name in
                let configuration = try ModelConfiguration.matching(
                    parameterCount: plan.parameterCount, architecture: name, layerCount: plan.layerCount,
                    vocabularySize: plan.vocabularySize)
                return ModelResults(
                    configuration: configuration, parameterCount: try configuration.parameterCount())
            }
        }
    }

    /// Trains and measures whatever is not there yet.
    /// - Parameter report: Returns whether to go on.
    /// - Returns: Whether everything is there.
    public func run(_ report: (Event) -> Bool) throws -> Bool {
        var goesOn = true
        func tell(_ event: Event) { goesOn = report(event) && goesOn }
        if results.plan.parts.contains(.training) { try chooseLength() }
        for index in results.models.indices {
            let name = results.models[index].name
            for part in ComparisonPlan.Part.allCases where results.plan.parts.contains(part) && !isThere(part, index) {
                guard goesOn else { return false }
                tell(.began(part, architecture: name))
                let isDone: Bool
                do {
                    isDone = try measure(part, index, tell, isCancelled: { !goesOn })
                } catch {
                    throw ComparisonError.failed(architecture: name, part: part, reason: "\(error)")
                }
                guard isDone else { return false }
                try save()
                tell(.finished(part, architecture: name))
            }
        }
        try save()
        return true
    }

    private func isThere(_ part: ComparisonPlan.Part, _ index: Int) -> Bool {
        let model = results.models[index]
        return switch part {
        case .training: model.training != nil
        case .generation: model.generation != nil
        case .contexts: model.contexts != nil
        case .positions: model.positions != nil
        case .reach: model.reach != nil
        case .recall: model.recall?.count == results.plan.recall.trials(seed: results.plan.seed).count
        }
    }

    /// - Returns: Whether it came to its end.
    private func measure(
        _ part: ComparisonPlan.Part, _ index: Int, _ tell: (Event) -> Void, isCancelled: () -> Bool
    ) throws -> Bool {
        let plan = results.plan
        switch part {
        case .training:
            guard let result = try train(results.models[index].configuration, tell, isCancelled) else { return false }
            results.models[index].training = result
            return true
        case .recall: return try recall(index, tell, isCancelled)
        default: break
        }
        let model = try trained(results.models[index])
        switch part {
        case .generation:
            results.models[index].generation = try GenerationMeasurement(
                lengths: plan.generationLengths, longestGrowing: plan.longestGrowing,
                allowedSeconds: plan.generationSeconds, clock: clock
            ).measure(model, text: valid, on: workspace, isCancelled: isCancelled)
        case .contexts:
            results.models[index].contexts = try ContextMeasurement(
                lengths: plan.trainingLengths, precision: .best(on: workspace.kernels), clock: clock
            ).measure(model, text: tokens, on: workspace, isCancelled: isCancelled)
        case .positions:
            // Beyond the context that the model was trained with, too.
            results.models[index].positions = try PositionMeasurement(
                windowLength: 4 * plan.contextLength, windowCount: plan.windowCount
            ).measure(model, text: valid, on: workspace, isCancelled: isCancelled)
        case .reach:
            results.models[index].reach = try ReachMeasurement(
                windowLength: plan.contextLength, windowCount: plan.windowCount
            ).measure(model, text: valid, on: workspace, isCancelled: isCancelled)
        case .training, .recall: break
        }
        return !isCancelled()
    }

    /// The weights that the training made; those of a beginning if there was none.
    private func trained(_ model: ModelResults) throws -> LanguageModel {
        let path = folder.file(model.name) + "/model.safetensors"
        if model.training != nil { return try LanguageModel(loading: SafetensorsFile(path: path), training: .full) }
        return try LanguageModel(
            initializing: model.configuration, seed: results.plan.seed, learningRate: Float(results.plan.learningRate))
    }

    private func recall(_ index: Int, _ tell: (Event) -> Void, _ isCancelled: () -> Bool) throws -> Bool {
        let plan = results.plan.recall
        let training = RecallTraining(plan: plan, clock: clock)
        for trial in plan.trials(seed: results.plan.seed) {
            let known = results.models[index].recall ?? []
            if known.contains(where: { $0.trial == trial }) { continue }
            tell(.recall(trial))
            guard
                let found = try training.run(
                    results.models[index].name, trial, on: workspace, isCancelled: isCancelled)
            else { return false }
            results.models[index].recall = known + [found]
            try save()
        }
        return true
    }

    // MARK: Training

    private func options() -> TrainingOptions {
        let plan = results.plan
        var options = TrainingOptions()
        options.batchSize = plan.batchSize
        options.contextLength = plan.contextLength
        options.precision = .best(on: workspace.kernels)
        options.schedule.peak = plan.learningRate
        options.schedule.last = plan.learningRate / 10
        options.optimizer.weightDecay = 0.1
        options.seed = plan.seed
        let stepTokens = plan.batchSize * plan.contextLength
        options.stepCount =
            results.tokenCount.map { max(1, ($0 + stepTokens / 2) / stepTokens) } ?? TrainingOptions.undecided
        options.schedule.warmupSteps = min(50, max(1, options.stepCount / 10))
        return options
    }

    private func fresh(_ configuration: ModelConfiguration) throws -> Trainer {
        let model = try LanguageModel(
            initializing: configuration, seed: results.plan.seed, learningRate: Float(results.plan.learningRate))
        return try Trainer(model, options(), tokens: tokens, on: workspace)
    }

    /// Decides how many tokens the models learn from, if that follows from the time.
    private func chooseLength() throws {
        guard results.tokenCount == nil else { return }
        switch results.plan.budget {
        case .tokens(let count): results.tokenCount = count
        case .minutes: return
        case .equalTokensInMinutes(let minutes):
            let perStep = try results.models.reduce(0.0) { sum, model in
                sum + (try fresh(model.configuration).estimate(clock: clock).secondsPerStep)
            }
            let stepTokens = results.plan.batchSize * results.plan.contextLength
            results.tokenCount = max(1, Int(minutes * 60 / perStep)) * stepTokens
        }
        try save()
    }

    private func train(
        _ configuration: ModelConfiguration, _ tell: (Event) -> Void, _ isCancelled: () -> Bool
    ) throws -> TrainingResult? {
        let own = try RunFolder(path: folder.file(configuration.architecture))
        let trainer: Trainer
        let progress: TrainingCheckpoint.Progress
        if own.hasCheckpoint {
            let checkpoint = try TrainingCheckpoint(path: own.checkpoint)
            trainer = try checkpoint.trainer(tokens: tokens, on: workspace)
            progress = checkpoint.progress
        } else {
            trainer = try fresh(configuration)
            progress = TrainingCheckpoint.Progress(
                configuration: trainer.model.configuration, options: trainer.options, stepsDone: 0)
        }
        var plan = TrainingRun.Plan()
        if case .minutes(let minutes) = results.plan.budget { plan.seconds = minutes * 60 }
        let known = trainer.options.stepCount < TrainingOptions.undecided
        plan.validationInterval = known ? max(1, trainer.options.stepCount / 10) : 200
        let run = try TrainingRun(
            trainer, in: own, progress: progress, validation: validation, plan: plan, clock: clock)
        let finished = try run.run { event in
            if case .step(let entry, let left) = event {
                tell(.training(entry, steps: trainer.options.stepCount, secondsLeft: left))
            }
            return !isCancelled()
        }
        return finished ? TrainingResult(run.entries) : nil
    }

    // MARK: Files

    /// Writes results and report.
    private func save() throws {
        for index in results.models.indices { results.models[index].exponents = Exponents(results.models[index]) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .throw
        encoder.keyEncodingStrategy = .convertToSnakeCase
        try AtomicFile.replace(resultsPath, with: Array(encoder.encode(results)))
        let report = ComparisonReport(results)
        try AtomicFile.replace(reportPath, with: Array(report.html().utf8))
        try FileManager.default.createDirectory(atPath: picturesPath, withIntermediateDirectories: true)
        for (name, svg) in report.pictures() {
            try AtomicFile.replace("\(picturesPath)/\(name).svg", with: Array(svg.utf8))
        }
    }

    /// What two comparisons do not have in common and must.
    private static func differences(_ a: ComparisonResults, _ b: ComparisonResults) -> [String] {
        let (x, y) = (a.plan, b.plan)
        let same = [
            ("list of architectures", x.architectures == y.architectures),
            ("number of parameters", x.parameterCount == y.parameterCount),
            ("number of layers", x.layerCount == y.layerCount), ("vocabulary", x.vocabularySize == y.vocabularySize),
            ("context length", x.contextLength == y.contextLength), ("batch size", x.batchSize == y.batchSize),
            ("budget", x.budget == y.budget), ("learning rate", x.learningRate == y.learningRate),
            ("seed", x.seed == y.seed), ("text", a.text == b.text), ("recall", x.recall == y.recall),
            ("list of lengths", x.generationLengths == y.generationLengths && x.trainingLengths == y.trainingLengths),
        ]
        return same.filter { !$0.1 }.map(\.0)
    }
}

extension TrainingResult {
    /// The most points of a curve.
    private static let pointLimit = 300

    init(_ entries: [TrainingLogEntry]) {
        curve = []
        validations = []
        seconds = 0
        let size = max(1, (entries.count + Self.pointLimit - 1) / Self.pointLimit)
        var (sum, count, before) = (0.0, 0, 0)
        for entry in entries {
            seconds += Double(entry.tokens - before) / max(entry.tokensPerSecond, 1e-9)
            before = entry.tokens
            if entry.loss.isFinite { (sum, count) = (sum + entry.loss, count + 1) }
            if let bits = entry.validationBitsPerByte, bits.isFinite {
                validations.append(Validation(tokens: entry.tokens, seconds: seconds, bitsPerByte: bits))
            }
            if count >= size {
                curve.append(Point(tokens: entry.tokens, seconds: seconds, loss: sum / Double(count)))
                (sum, count) = (0, 0)
            }
        }
        steps = entries.last?.step ?? 0
        tokens = entries.last?.tokens ?? 0
    }
}
