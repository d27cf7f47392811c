public import Tensors

/// A file with a state to begin with: one that was saved after some text, or one that was tuned.
public struct StateFile: Sendable {
    /// Whether the state was learnt as the beginning of texts. A saved one stands in the middle of its own text.
    public let isTuned: Bool

    let tensors: [StoredTensor]
    private let tuned: TunedState?

    /// Opens the file at `path`.
    /// - Throws: `CheckpointError`: from opening the file; `notAnAdapter` if it holds no state; from `TunedState`.
    public init(path: String) throws(CheckpointError) {
        tensors = try ModelCheckpoint(path: path).tensors
        isTuned = TensorFileKind(names: tensors.map(\.name)) != .savedState
        tuned = isTuned ? try TunedState(tensors) : nil
    }

    /// The state as the tensors `state.j` that `LanguageModel.state(loading:)` takes.
    /// - Parameter model: The model's tensors.
    /// - Throws: `CheckpointError` if a tuned state is another model's; saved ones are checked when they are loaded.
    public func slots(for model: some TensorSource) throws(CheckpointError) -> [StoredTensor] {
        try tuned?.slots(for: model) ?? tensors
    }
}
