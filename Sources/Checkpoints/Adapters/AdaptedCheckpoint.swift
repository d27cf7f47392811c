public import Tensors

/// What is applied to a model while it is loaded.
public enum Adapter: Sendable, Hashable {
    /// Low-rank changes to its matrices.
    ///
    /// `alpha` scales them; the rank if `nil`. `firstFactors` is the path of what a PiSSA training began with.
    case lora(path: String, alpha: Float? = nil, firstFactors: String? = nil)

    /// The state that its texts begin with: a tuned one, or one that was saved.
    case state(path: String)
}

/// A model's tensors after adapters have been applied, and the state that its texts begin with.
public struct AdaptedCheckpoint: TensorSource {
    public let tensors: [StoredTensor]
    public let metadata: [String: String]

    /// What people call the model's naming, if it is not BlinkDL's.
    public let dialectName: String?

    /// The tuned state under its official names, `[H, V, K]` per layer, if the first state is one. Empty otherwise.
    public let tunedState: [StoredTensor]

    /// The first state as tensors `state.j`: from an adapter, or else from the model's file. Empty if neither has one.
    public let initialState: [StoredTensor]

    /// Opens the model at `path`, a file or a folder, and applies `adapters` in their order.
    ///
    /// Of several states the last counts.
    /// - Throws: `CheckpointError`: from opening a file; `adapterInsteadOfModel`; what `LoRAAdapter` and `TunedState`
    ///   throw. What is wrong in an adapter's file is an `inAdapter`, with its path.
    public init(path: String, adapters: [Adapter] = []) throws(CheckpointError) {
        let model = try ModelCheckpoint(path: path)
        try self.init(model, dialectName: model.dialectName, adapters: adapters)
    }

    /// Applies `adapters` to the tensors of a model, in their order.
    /// - Throws: As `init(path:adapters:)`, but what opening the model's file throws.
    public init(
        _ model: some TensorSource, dialectName: String? = nil, adapters: [Adapter] = []
    ) throws(CheckpointError) {
        let kind = TensorFileKind(names: model.tensors.map(\.name))
        guard kind == .model || kind == .unknown else { throw .adapterInsteadOfModel(found: kind) }

        var merged = TensorList(tensors: model.tensors, metadata: model.metadata)
        var statePath: String?
        for adapter in adapters {
            switch adapter {
            case .state(let path): statePath = path
            case .lora(let path, let alpha, let firstFactors):
                let base = merged
                merged = try Self.locating(path) { () throws(CheckpointError) in
                    var first: ModelCheckpoint?
                    if let firstFactors { first = try ModelCheckpoint(path: firstFactors) }
                    return try LoRAAdapter(ModelCheckpoint(path: path), alpha: alpha, firstFactors: first)
                        .merged(into: base, on: Workspace())
                }
            }
        }
        let parameters = merged.tensors.filter { TunedState.layer(of: $0.name) == nil }
        let source = merged
        if let statePath {
            (initialState, tunedState) = try Self.locating(statePath) { () throws(CheckpointError) in
                let file = try StateFile(path: statePath)
                return (try file.slots(for: source), file.isTuned ? file.tensors : [])
            }
        } else if parameters.count < merged.tensors.count {
            initialState = try TunedState(merged.tensors).slots(for: merged)
            tunedState = merged.tensors.filter { TunedState.layer(of: $0.name) != nil }
        } else {
            (initialState, tunedState) = ([], [])
        }
        tensors = parameters
        metadata = merged.metadata
        self.dialectName = dialectName
    }

    private static func locating<Result>(
        _ path: String, _ work: () throws(CheckpointError) -> Result
    ) throws(CheckpointError) -> Result {
        do throws(CheckpointError) { return try work() } catch { throw .inAdapter(path: path, defect: error) }
    }
}
