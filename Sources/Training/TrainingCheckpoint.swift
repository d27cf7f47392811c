internal import Checkpoints
public import LanguageModels
public import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A training run at rest: what learns, both moments, settings, and where it stands. From it a run goes on bit for bit.
///
/// One safetensors file: the weights under their official names, the moments as `adam.first/{name}` and
/// `adam.second/{name}`, and the rest as JSON under the metadata key `training`. Random numbers and the order of the data
/// follow from the seed and the step, so they need no place. With LoRA and state tuning the weights that do not learn stay
/// in the file that they came from; the checkpoint knows which it was.
public struct TrainingCheckpoint: Sendable {
    /// Everything but tensors.
    public struct Progress: Codable, Sendable, Equatable {
        public var configuration: ModelConfiguration
        /// What learns; every weight if `nil`.
        public var tuning: Tuning?
        /// The model that LoRA or state tuning began with.
        public var base: BaseModel?
        public var options: TrainingOptions
        public var stepsDone: Int
        /// The seconds that the run has computed.
        public var secondsDone: Double
        /// The lowest validation loss so far, and the step that it was measured after.
        public var best: Best?
        /// How the loss has gone; `nil` in checkpoints of runs that knew of no such thing.
        public var trend: LossTrend?
        /// What the caller wants to find again: the names of its data files, for example.
        public var notes: [String: String]

        public init(
            configuration: ModelConfiguration, tuning: Tuning? = nil, base: BaseModel? = nil, options: TrainingOptions,
            stepsDone: Int, secondsDone: Double = 0, best: Best? = nil, notes: [String: String] = [:]
        ) {
            self.configuration = configuration
            self.tuning = tuning
            self.base = base
            self.options = options
            self.stepsDone = stepsDone
            self.secondsDone = secondsDone
            self.best = best
            self.notes = notes
        }
    }

    /// The lowest validation loss of a run.
    public struct Best: Codable, Sendable, Equatable {
        public var step: Int
        public var loss: ValidationLoss

        public init(step: Int, loss: ValidationLoss) {
            self.step = step
            self.loss = loss
        }
    }

    public let progress: Progress
    private let weights: [StoredTensor]
    private let moments: [String: StoredTensor]

    private let path: String
    private static let key = "training"
    private static let first = "adam.first/"
    private static let second = "adam.second/"

    /// Reads a checkpoint. Its tensors point into the mapped file.
    /// - Throws: `CheckpointError` if the file cannot be read; `TrainingError` if it is no training checkpoint.
    public init(path: String) throws {
        let file = try SafetensorsFile(path: path)
        guard let json = file.metadata[Self.key] else {
            throw TrainingError.notACheckpoint(path: path, missing: "metadata “\(Self.key)”")
        }
        do {
            progress = try JSONDecoder().decode(Progress.self, from: Data(json.utf8))
        } catch {
            throw TrainingError.unreadableCheckpoint(path: path, reason: "its metadata are damaged: \(error)")
        }
        weights = file.tensors.filter { !$0.name.hasPrefix(Self.first) && !$0.name.hasPrefix(Self.second) }
        moments = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.path = path
    }

    /// The trainer as it was, over the same data.
    /// - Parameter base: The model that the run began with, if `progress.base` names one.
    /// - Throws: `TrainingError.otherBaseModel` if it is not that one; `notACheckpoint` if a moment is missing.
    public func trainer(base: (any TensorSource)? = nil, tokens: [Int32], on workspace: Workspace) throws -> Trainer {
        if let wanted = progress.base {
            guard let base, wanted.fingerprint == BaseModel.fingerprint(base.tensors) else {
                throw TrainingError.otherBaseModel(path: wanted.path)
            }
        }
        // Of tensors of one name the first counts: what has been learnt.
        let model = try LanguageModel(
            loading: TensorList(tensors: weights + (base?.tensors ?? [])), training: progress.tuning ?? .full)
        let learning = model.parameters.filter(\.isTrained)
        let optimizer = try AdamW(
            model.parameters, progress.options.optimizer,
            updateCount: progress.stepsDone - (progress.trend?.skippedCount ?? 0),
            first: learning.map { try moment(Self.first, $0) }, second: learning.map { try moment(Self.second, $0) })
        return try Trainer(
            model, progress.options, tokens, optimizer, stepsDone: progress.stepsDone, progress.trend ?? LossTrend(),
            workspace)
    }

    private func moment(_ prefix: String, _ parameter: Parameter) throws -> StoredTensor {
        let name = prefix + parameter.name
        guard let tensor = moments[name], tensor.shape.squeezed == parameter.shape.squeezed, tensor.type == .f32 else {
            throw TrainingError.notACheckpoint(path: path, missing: name)
        }
        return tensor
    }

    /// Writes a checkpoint of `trainer`; the file appears whole or not at all.
    /// - Throws: `CheckpointError` if it cannot be written; the file that was there before is then untouched.
    public static func write(_ trainer: Trainer, _ progress: Progress, to path: String) throws {
        let json = String(decoding: try JSONEncoder().encode(progress), as: UTF8.self)
        let weights = progress.base == nil ? trainer.model.tensors() : TrainingProduct(trainer.model).tensors
        let tensors =
            weights + trainer.optimizer.firstMoments.map { $0.renamed(first + $0.name) }
            + trainer.optimizer.secondMoments.map { $0.renamed(second + $0.name) }
        try SafetensorsFile.write(tensors, metadata: [key: json], to: path)
    }
}
