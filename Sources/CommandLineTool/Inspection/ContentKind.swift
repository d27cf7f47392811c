internal import RWKV

/// What a file of tensors is, as far as the names in it tell.
enum ContentKind: String, Encodable {
    case model
    case trainingCheckpoint = "training_checkpoint"
    case adapter
    case tunedState = "tuned_state"
    case state
    case tensors

    init(_ tensors: [StoredTensor]) {
        let names = tensors.map(\.name)
        if names.contains(where: { $0.hasPrefix("adam.first/") }) {
            self = .trainingCheckpoint
            return
        }
        self =
            switch TensorFileKind(names: names) {
            case .model: .model
            case .lora, .firstFactors, .otherAdapter: .adapter
            case .tunedState: .tunedState
            case .savedState: .state
            case .unknown: .tensors
            }
    }

    /// What people call it.
    var description: String {
        switch self {
        case .model: "a model"
        case .trainingCheckpoint: "a training run's checkpoint: a model's weights with the optimiser's moments"
        case .adapter: "an adapter for a model that is not in the file"
        case .tunedState: "a tuned initial state for a model that is not in the file"
        case .state: "what a model remembers of a sequence"
        case .tensors: "tensors that are not an RWKV model"
        }
    }
}
