public import Checkpoints
public import LanguageModels
internal import Tensors

extension LanguageModel {
    /// The model in the file or folder at `path`, of any known format, naming and architecture.
    ///
    /// The file is mapped: weights are used where they lie, and loading takes no time to speak of. If it holds a tuned
    /// state, texts begin with that.
    /// - Parameters:
    ///   - path: Of a file, or of a folder of the Hugging Face hub.
    ///   - adapters: What to apply to the model, in order.
    ///   - tuning: What a training is to change; `nil` if the model is only to run.
    /// - Throws: `CheckpointError` for a broken file; `ModelError` or `ParameterError` if it is not a known model.
    public convenience init(contentsOf path: String, adapters: [Adapter] = [], training tuning: Tuning? = nil) throws {
        try self.init(AdaptedCheckpoint(path: path, adapters: adapters), training: tuning)
    }

    /// The model of an opened checkpoint.
    public convenience init(_ checkpoint: AdaptedCheckpoint, training tuning: Tuning? = nil) throws {
        try self.init(loading: checkpoint, initialState: checkpoint.initialState, training: tuning)
    }

    /// The state in a file: a saved one of this model, or one that was tuned for it.
    /// - Throws: `CheckpointError` or `ModelError` if it is another model's.
    public func state(from file: StateFile) throws -> ModelState {
        try state(loading: file.slots(for: TensorList(tensors: tensors())))
    }
}
