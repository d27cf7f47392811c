import Tensors

/// What a tuned state must know of its model, from the names and shapes of the model's tensors.
struct ModelSizes {
    let layerCount: Int
    let width: Int
    let stateLayout: TunedState.Layout

    /// - Throws: `CheckpointError.notAModelWithMatrixState` if the tensors are not those of RWKV-5, 6 or 7.
    init(_ model: some TensorSource) throws(CheckpointError) {
        let shapes = Dictionary(model.tensors.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        // The norm of the heads came with the matrices; RWKV-7 is told by its bonus.
        guard let width = shapes["blocks.0.att.ln_x.weight"]?.count else { throw .modelWithoutMatrixState }
        self.width = width
        stateLayout = shapes["blocks.0.att.r_k"] == nil ? .keyFirst : .valueFirst
        var layers = 0
        while shapes["blocks.\(layers).ln1.weight"] != nil { layers += 1 }
        layerCount = layers
    }
}
