import Tensors

/// Turns the official tensors of an RWKV model into llama.cpp's, with the metadata that it needs to load them.
struct GGUFModelWriter {
    private let model: OfficialModel
    private let names: GGUFNames
    private let type: DataType?
    private let planned: [PlannedTensor]
    private var writer = GGUFWriter()

    /// - Throws: see `GGUFFile.write`; everything that can be wrong with the tensors is found here, before a file is opened.
    init(
        _ tensors: [StoredTensor], type: DataType?, vocabulary: [[UInt8]]?, tokenizerJSON: [UInt8]?, name: String?
    ) throws(CheckpointError) {
        let model = try OfficialModel(tensors, format: GGUFFile.formatName, supported: [.rwkv6, .rwkv7])
        let names = model.version == .rwkv7 ? GGUFNames.version7 : .version6
        self.model = model
        self.names = names
        self.type = type
        planned = try Self.plan(model, names, type)
        writer.add("general.architecture", model.version.rawValue)
        if let name { writer.add("general.name", name) }
        let matrices = planned.first { $0.name.hasSuffix("time_mix_key.weight") }?.type ?? .f32
        try writer.add("general.file_type", count: Int(GGMLType.fileType(matrices)))
        try writer.add("general.quantization_version", count: 2)
        try addSizes()
        try addTokenizer(vocabulary)
        if let tokenizerJSON {
            writer.add(GGUFHeader.tokenizerJSONKey, String(decoding: tokenizerJSON, as: UTF8.self))
        }
    }

    func write(to sink: any ByteSink) throws(CheckpointError) { try writer.write(planned, to: sink) }

    private static func plan(
        _ model: OfficialModel, _ names: GGUFNames, _ type: DataType?
    ) throws(CheckpointError) -> [PlannedTensor] {
        let entries = Dictionary(names.entries.map { ($0.official, $0) }, uniquingKeysWith: { first, _ in first })
        let outside = Dictionary(uniqueKeysWithValues: GGUFNames.outside.map { ($0.official, $0.peer) })
        var planned: [PlannedTensor] = []
        var layersWithVectors: Set<Int> = []
        for tensor in model.tensors {
            if let peer = outside[tensor.name] {
                planned.append(try PlannedTensor(tensor, named: peer, as: stored(tensor, type)))
                continue
            }
            guard let name = OfficialName(tensor.name) else {
                throw .tensorNotInFormat(name: tensor.name, format: GGUFFile.formatName)
            }
            if name.isUnused { continue }
            let peerBlock = "blk.\(name.layer)."
            if names.joined.names.contains(name.rest) {
                guard layersWithVectors.insert(name.layer).inserted else { continue }
                let parts = names.joined.letters.count
                let joined = try names.joined.joined(block: "blocks.\(name.layer).", model.byName) {
                    [parts, 1, 1, $0]
                }
                planned.append(try PlannedTensor(joined, named: peerBlock + GGUFNames.joinedName, as: .f32))
            } else if let entry = entries[name.rest] {
                let laidOut = try entry.layout.peer(tensor)
                planned.append(try PlannedTensor(laidOut, named: peerBlock + entry.peer, as: stored(tensor, type)))
                if let copy = copyForFirstLayer(name) {
                    planned.append(try PlannedTensor(laidOut, named: "blk.0.time_mix_\(copy).weight", as: .f32))
                }
            } else {
                throw .tensorNotInFormat(name: tensor.name, format: GGUFFile.formatName)
            }
        }
        return planned
    }

    /// Which of v0, v1, v2 a tensor of the first layer lends its numbers to.
    private static func copyForFirstLayer(_ name: OfficialName) -> String? {
        guard name.layer == 0 else { return nil }
        return ["att.a0": "v0", "att.a1": "v1", "att.a2": "v2"][name.rest]
    }

    private static func stored(_ tensor: StoredTensor, _ type: DataType?) -> DataType {
        guard OfficialModel.isProjection(tensor) else { return .f32 }
        let wanted = type ?? tensor.type
        return wanted == .f64 ? .f32 : wanted
    }

    private mutating func addSizes() throws(CheckpointError) {
        let prefix = model.version.rawValue
        let block = "blocks.0."
        let (_, width) = try model.sizes
        try writer.add("\(prefix).context_length", count: 1_048_576)
        try writer.add("\(prefix).embedding_length", count: width)
        try writer.add("\(prefix).block_count", count: model.layerCount)
        try writer.add("\(prefix).feed_forward_length", count: model.matrix(block + "ffn.key.weight").rows)
        // Needed by llama.cpp's loader, used by none of these models.
        try writer.add("\(prefix).attention.head_count", count: 0)
        writer.add("\(prefix).attention.layer_norm_epsilon", 1e-5)
        if model.version == .rwkv7 {
            try writer.add("\(prefix).wkv.head_size", count: model.matrix(block + "att.r_k").columns)
            let decay = try model.matrix(block + "att.w1").columns
            let learning = try model.matrix(block + "att.a1").columns
            let isDeep = model.byName["blocks.1.att.v1"] != nil
            let residual = try isDeep ? model.matrix("blocks.1.att.v1").columns : learning
            try writer.add("\(prefix).attention.decay_lora_rank", count: decay)
            try writer.add("\(prefix).attention.iclr_lora_rank", count: learning)
            try writer.add("\(prefix).attention.value_residual_mix_lora_rank", count: residual)
            try writer.add("\(prefix).attention.gate_lora_rank", count: model.matrix(block + "att.g1").columns)
        } else {
            try writer.add("\(prefix).wkv.head_size", count: model.matrix(block + "att.time_faaaa").columns)
            let mix = try model.matrix(block + "att.time_maa_w1").columns / names.joined.letters.count
            try writer.add("\(prefix).time_mix_extra_dim", count: mix)
            let decay = try model.matrix(block + "att.time_decay_w1").columns
            try writer.add("\(prefix).time_decay_extra_dim", count: decay)
            try writer.add("\(prefix).rescale_every_n_layers", count: 0)
        }
    }

    private mutating func addTokenizer(_ vocabulary: [[UInt8]]?) throws(CheckpointError) {
        let rows = try model.sizes.vocabulary
        let bytes = (UInt8.min...UInt8.max).map { $0 == 0 ? [] : [$0] }
        guard let vocabulary = vocabulary ?? (rows == 256 ? bytes : nil) else {
            writer.add("tokenizer.ggml.model", "no_vocab")
            try writer.add("\(model.version.rawValue).vocab_size", count: rows)
            return
        }
        guard vocabulary.count <= rows else {
            throw .vocabularyTooLarge(tokenCount: vocabulary.count, rowCount: rows)
        }
        var texts = [Array("<s>".utf8)]
        var types = [GGUFTokenType.control]
        for id in 1..<max(rows, 1) {
            let token = id < vocabulary.count ? vocabulary[id] : []
            texts.append(token.isEmpty ? Array("[PAD\(id)]".utf8) : GGUFTokenText.text(token))
            types.append(token.isEmpty ? GGUFTokenType.unused : GGUFTokenType.normal)
        }
        writer.add("tokenizer.ggml.model", "rwkv")
        writer.add("tokenizer.ggml.tokens", texts)
        writer.add("tokenizer.ggml.token_type", types)
        try writer.add("tokenizer.ggml.bos_token_id", count: 0)
        try writer.add("tokenizer.ggml.eos_token_id", count: 0)
        // Chats of World models part turns by an empty line.
        if let turn = vocabulary.firstIndex(of: [0x0A, 0x0A]) {
            try writer.add("tokenizer.ggml.eot_token_id", count: turn)
        }
    }
}
