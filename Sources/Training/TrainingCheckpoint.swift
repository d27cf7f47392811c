internal import Checkpoints
public import LanguageModels
public import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// A training run at rest: weights, both moments, settings, and where it stands. From it a run goes on bit for bit.
///
/// One safetensors file: the weights under their official names, the moments as `adam.first/{name}` and
/// `adam.second/{name}`, and the rest as JSON under the metadata key `training`. Random numbers and the order of the data
/// follow from the seed and the step, so they need no place.
public struct TrainingCheckpoint: Sendable {
    /// Everything but tensors.
    public struct Progress: Codable, Sendable, Equatable {
        public var configuration: ModelConfiguration
        public var options: TrainingOptions
        public var stepsDone: Int
        /// The seconds that the run has computed.
        public var secondsDone: Double
        /// The lowest validation loss so far, and the step that it was measured after.
        public var best: Best?
        /// What the caller wants to find again: the names of its data files, for example.
        public var notes: [String: String]

        public init(
            configuration: ModelConfiguration, options: TrainingOptions, stepsDone: Int, secondsDone: Double = 0,
            best: Best? = nil, notes: [String: String] = [:]
        ) {
            self.configuration = configuration
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
    private let first: [StoredTensor]
    private let second: [StoredTensor]

    private static let key = "training"

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
        let tensors = Dictionary(file.tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let weights = file.tensors.filter { !$0.name.hasPrefix("adam.") }
        func moments(_ prefix: String) throws -> [String: StoredTensor] {
            var found: [String: StoredTensor] = [:]
            for weight in weights {
                let name = prefix + weight.name
                guard let tensor = tensors[name], tensor.shape == weight.shape, tensor.type == .f32 else {
                    throw TrainingError.notACheckpoint(path: path, missing: name)
                }
                found[weight.name] = tensor
            }
            return found
        }
        let firsts = try moments("adam.first/")
        let seconds = try moments("adam.second/")
        self.weights = weights
        first = weights.compactMap { firsts[$0.name] }
        second = weights.compactMap { seconds[$0.name] }
    }

    /// The trainer as it was, over the same data.
    public func trainer(tokens: [Int32], on workspace: Workspace) throws -> Trainer {
        let model = try LanguageModel(loading: TensorList(tensors: weights), forTraining: true)
        let places = Dictionary(
            weights.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        // The file may hold the tensors in any order; the optimiser wants the model's.
        let order = model.parameters.compactMap { places[$0.name] }
        let optimizer = try AdamW(
            model.parameters, progress.options.optimizer, updateCount: progress.stepsDone,
            first: order.map { first[$0] }, second: order.map { second[$0] })
        return try Trainer(model, progress.options, tokens, optimizer, stepsDone: progress.stepsDone, workspace)
    }

    /// Writes a checkpoint of `trainer`; the file appears whole or not at all.
    /// - Throws: `CheckpointError` if it cannot be written; the file that was there before is then untouched.
    public static func write(_ trainer: Trainer, _ progress: Progress, to path: String) throws {
        let json = String(decoding: try JSONEncoder().encode(progress), as: UTF8.self)
        let tensors =
            trainer.model.tensors() + trainer.optimizer.firstMoments.map { $0.renamed("adam.first/" + $0.name) }
            + trainer.optimizer.secondMoments.map { $0.renamed("adam.second/" + $0.name) }
        try SafetensorsFile.write(tensors, metadata: [key: json], to: path)
    }
}
