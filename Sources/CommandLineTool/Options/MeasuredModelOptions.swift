internal import ArgumentParser
internal import RWKV

/// Which model a benchmark measures.
struct MeasuredModelOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A checkpoint; without it, the small model inside the program.", valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("Random weights of these sizes: rwkv7:L12:D768:V65536.", valueName: "sizes"))
    var random: RandomModel?

    func validate() throws {
        if model != nil, random != nil { throw ValidationError("--model and --random exclude each other") }
    }

    /// The model with matrices of `type`; `nil` for those of its file, and for bf16 where they are random.
    func load(_ type: DataType? = nil) throws -> LanguageModel {
        if let random { return try random.model(type ?? .bf16) }
        let named = NamedModel(model)
        let loaded = try named.load()
        guard let type else { return loaded }
        return try about(named.name) { try LanguageModel(loading: ConvertedTensors(loaded.tensors(), type)) }
    }
}

/// A model's tensors with its matrices in another type, where their rows are whole blocks of it.
private struct ConvertedTensors: TensorSource {
    let tensors: [StoredTensor]
    let metadata: [String: String] = [:]

    init(_ tensors: [StoredTensor], _ type: DataType) {
        self.tensors = tensors.map { tensor in
            let isMatrix = tensor.shape.extents.count == 2 && tensor.name.hasSuffix(".weight")
            guard isMatrix, tensor.shape.extents[1].isMultiple(of: type.blockLength) else { return tensor }
            return tensor.converted(to: type)
        }
    }
}
