internal import Checkpoints
public import LanguageModels

extension LanguageModel {
    /// The model in the checkpoint at `path`, of any known format and architecture.
    ///
    /// The file is mapped: weights are used where they lie, and loading takes no time to speak of.
    /// - Parameter forTraining: Whether the weights become `f32` in memory of their own.
    /// - Throws: `CheckpointError` for a broken file; `ModelError` or `ParameterError` if it is not a known model.
    public convenience init(contentsOf path: String, forTraining: Bool = false) throws {
        let file: any Checkpoint = try CheckpointFile.open(path: path)
        try self.init(loading: file, forTraining: forTraining)
    }
}
