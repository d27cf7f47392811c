/// What the tensors of a file are for, told by their names alone.
public enum TensorFileKind: String, Sendable, CaseIterable {
    case model = "a model"
    case lora = "LoRA factors"
    case firstFactors = "the factors that a PiSSA training began with"
    case tunedState = "a tuned state"
    case savedState = "a saved state"
    case otherAdapter = "an adapter of a kind that is not supported (Bone, DiSHA)"
    case unknown = "something else"

    /// What tensors of these names are for.
    public init(names: some Sequence<String>) {
        let names = Array(names)
        let factors = names.compactMap(LoRAName.init)
        if !factors.isEmpty {
            // PiSSA's files may hold both.
            self = factors.allSatisfy(\.isFirst) ? .firstFactors : .lora
        } else if names.contains(where: { $0.hasSuffix(".bone") || $0.hasSuffix(".disha") }) {
            self = .otherAdapter
        } else if names.contains("emb.weight") {
            self = .model
        } else if !names.isEmpty, names.allSatisfy({ TunedState.layer(of: $0) != nil }) {
            self = .tunedState
        } else {
            self = names.contains("state.0") ? .savedState : .unknown
        }
    }
}
