import Tensors

/// What programs that train put before and into a model's names.
enum NameWrappers {
    /// Containers in front of every name: of dictionaries in dictionaries (Lightning, DeepSpeed), of a model that is a
    /// member of another one, of the `peft` library.
    private static let outer: Set = ["state_dict", "model_state_dict", "module", "model", "base_model"]

    /// Members that torch.compile, DeepSpeed, FSDP and activation checkpointing put anywhere.
    private static let inner: Set = [
        "_orig_mod", "_forward_module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
    ]

    /// What stands beside the model in a trainer's checkpoint.
    private static let bookkeeping: Set = [
        "optimizer", "optimizers", "optimizer_states", "optimizer_state_dict", "lr_scheduler", "lr_schedulers",
        "callbacks", "loops", "rng_state", "random_rng_state", "torch_rng_state", "cuda_rng_state",
    ]

    /// How the names of layers begin in all dialects.
    private static let layerBeginnings = ["blocks.", "rwkv.blocks.", "model.layers."]

    /// The tensors without wrappers in their names, if what is left are names of a model; otherwise as they are.
    ///
    /// A trainer's bookkeeping is left out, if the model is wrapped and so told apart from it.
    /// - Throws: `CheckpointError.duplicateName` if two names become one.
    static func removed(from tensors: [StoredTensor]) throws(CheckpointError) -> [StoredTensor] {
        var named = tensors.map { (name: $0.name.split(separator: ".", omittingEmptySubsequences: false), tensor: $0) }
        if named.contains(where: { outer.contains(String($0.name[0])) }) {
            named.removeAll { bookkeeping.contains(String($0.name[0])) }
        }
        for index in named.indices { named[index].name.removeAll { inner.contains(String($0)) } }
        while let first = named.first?.name.first, outer.contains(String(first)), !isModel(named.map(\.name)),
            named.allSatisfy({ $0.name.count > 1 && $0.name[0] == first })
        {
            for index in named.indices { named[index].name.removeFirst() }
        }
        guard isModel(named.map(\.name)) else { return tensors }

        var names: Set<String> = []
        var unwrapped: [StoredTensor] = []
        for (parts, tensor) in named {
            let name = parts.joined(separator: ".")
            guard names.insert(name).inserted else { throw .duplicateName(name: name) }
            unwrapped.append(name == tensor.name ? tensor : tensor.renamed(name))
        }
        return unwrapped
    }

    private static func isModel(_ names: [[Substring]]) -> Bool {
        names.contains { parts in
            let start = parts.prefix(2).joined(separator: ".") + "."
            return layerBeginnings.contains { start.hasPrefix($0) }
        }
    }
}
