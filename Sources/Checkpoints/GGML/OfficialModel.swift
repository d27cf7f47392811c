import Tensors

/// The tensors of an official checkpoint, as the writers of other formats look at them.
struct OfficialModel {
    enum Version: String {
        case rwkv4, rwkv5, rwkv6, rwkv7
    }

    let version: Version
    let tensors: [StoredTensor]
    let byName: [String: StoredTensor]

    /// - Throws: `duplicateName`; `architectureNotInFormat` if these are no RWKV model's tensors under official names.
    init(_ tensors: [StoredTensor], format: String, supported: [Version]) throws(CheckpointError) {
        var byName: [String: StoredTensor] = [:]
        for tensor in tensors where byName.updateValue(tensor, forKey: tensor.name) != nil {
            throw .duplicateName(name: tensor.name)
        }
        self.tensors = tensors
        self.byName = byName
        let names = supported.map(\.rawValue)
        guard let version = Self.version(Array(byName.keys)) else {
            throw .architectureNotInFormat(found: Self.otherKind(byName), format: format, supported: names)
        }
        guard supported.contains(version) else {
            throw .architectureNotInFormat(found: version.rawValue, format: format, supported: names)
        }
        self.version = version
        for name in ["emb.weight", "head.weight"] { _ = try matrix(name) }
    }

    /// The version whose tensors have these names.
    static func version(_ names: [String]) -> Version? {
        if names.contains(where: { $0.hasSuffix(".att.r_k") || $0.hasSuffix(".att.k_k") }) { return .rwkv7 }
        if names.contains(where: { $0.contains(".att.time_maa_") }) { return .rwkv6 }
        if names.contains(where: { $0.hasSuffix(".att.ln_x.weight") }) { return .rwkv5 }
        return names.contains { $0.hasSuffix(".att.time_decay") } ? .rwkv4 : nil
    }

    /// What a model is that is none of RWKV.
    private static func otherKind(_ tensors: [String: StoredTensor]) -> String {
        let kinds = [
            ("blocks.0.rnn.weight_hh", "rnn"), ("blocks.0.lstm.weight_hh", "lstm"),
            ("blocks.0.att.query.weight", "transformer"),
        ]
        return kinds.first { tensors[$0.0] != nil }?.1 ?? "no RWKV model"
    }

    /// The rows and columns of a matrix that must be there.
    func matrix(_ name: String) throws(CheckpointError) -> (rows: Int, columns: Int) {
        guard let tensor = byName[name] else { throw .missingTensor(name: name) }
        guard tensor.shape.extents.count == 2 else {
            throw .unexpectedShape(name: name, found: tensor.shape, needed: "a matrix")
        }
        return (tensor.shape.extents[0], tensor.shape.extents[1])
    }

    /// V and C.
    var sizes: (vocabulary: Int, width: Int) {
        get throws(CheckpointError) {
            let embedding = try matrix("emb.weight")
            return (embedding.rows, embedding.columns)
        }
    }

    /// One more than the largest layer.
    var layerCount: Int { 1 + (tensors.compactMap { OfficialName($0.name)?.layer }.max() ?? -1) }

    /// Whether a tensor is a matrix that may be stored in a smaller type: a projection, the embedding or the head.
    static func isProjection(_ tensor: StoredTensor) -> Bool {
        let last = tensor.name.split(separator: ".").dropLast().last ?? ""
        return tensor.name.hasSuffix(".weight") && tensor.shape.extents.count == 2
            && ["emb", "head", "key", "value", "receptance", "output", "gate"].contains(last)
    }
}

/// A name `blocks.{layer}.{rest}`.
struct OfficialName {
    let layer: Int
    let rest: String

    init?(_ name: String) {
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "blocks", let layer = Int(parts[1]), (0..<1 << 20).contains(layer) else {
            return nil
        }
        self.layer = layer
        rest = String(parts[2])
    }

    /// Whether these are the first layer's value residual factors, which no model uses and some files lack.
    var isUnused: Bool { layer == 0 && ["att.v0", "att.v1", "att.v2"].contains(rest) }
}
