import Tensors

/// Turns llama.cpp's tensors of an RWKV model into the official ones.
struct GGUFModelReader {
    private let header: GGUFHeader
    private let names: GGUFNames
    private let headSize: Int
    /// After how many layers llama.cpp halves the residual stream; 0 for never.
    private let rescaleEvery: Int
    private let rescaleKey: String

    private static let outside = Dictionary(
        uniqueKeysWithValues: GGUFNames.outside.map { ($0.peer, $0.official) })

    /// - Parameter architecture: `rwkv6` or `rwkv7`.
    init(_ header: GGUFHeader, _ architecture: String) throws(CheckpointError) {
        self.header = header
        names = architecture == "rwkv7" ? .version7 : .version6
        let key = "\(architecture).wkv.head_size"
        headSize = try header.count(key)
        if headSize == 0 { throw .invalidKey(key, found: "0", needed: "at least 1") }
        try Self.checkSizes(header, architecture, headSize: headSize)
        try Self.checkEpsilon(header, "\(architecture).attention.layer_norm_epsilon")
        rescaleKey = "\(architecture).rescale_every_n_layers"
        rescaleEvery = header.values[rescaleKey] == nil ? 0 : try header.count(rescaleKey)
    }

    /// Throws if what the file says of its sizes is not what its tensors have: one of both is wrong.
    private static func checkSizes(
        _ header: GGUFHeader, _ architecture: String, headSize: Int
    ) throws(CheckpointError) {
        let layers = header.tensors.compactMap { GGUFNames.blockName($0.name)?.layer }.max().map { $0 + 1 } ?? 0
        let countKey = "\(architecture).block_count"
        if header.values[countKey] != nil {
            let count = try header.count(countKey)
            guard count == layers else {
                throw .invalidKey(countKey, found: "\(count)", needed: "\(layers), as many blocks as the file has")
            }
        }
        for tensor in header.tensors where tensor.name.hasSuffix(".time_mix_first.weight") {
            guard let columns = tensor.shape.extents.last, columns == headSize || tensor.shape.extents.count != 2 else {
                throw .invalidKey(
                    "\(architecture).wkv.head_size", found: "\(headSize)",
                    needed: "the last extent of “\(tensor.name)”, which is \(tensor.shape)")
            }
        }
    }

    /// Throws for another ε of the layer norms than RWKV's, 1e-5: it would be another function.
    private static func checkEpsilon(_ header: GGUFHeader, _ key: String) throws(CheckpointError) {
        guard let value = header.values[key] else { return }
        guard case .float(let epsilon) = value, abs(epsilon - 1e-5) <= 1e-8 else {
            throw .invalidKey(key, found: value.text ?? "an array", needed: "1e-05, as RWKV has it")
        }
    }

    /// The tensors in the order of the file; those with names that are not known keep them.
    func officialTensors() throws(CheckpointError) -> [StoredTensor] {
        let entries = Dictionary(names.entries.map { ($0.peer, $0) }, uniquingKeysWith: { first, _ in first })
        var result: [StoredTensor] = []
        for tensor in header.tensors {
            if let name = Self.outside[tensor.name] {
                result.append(tensor.renamed(name))
                continue
            }
            guard let (layer, rest) = GGUFNames.blockName(tensor.name) else {
                result.append(tensor)
                continue
            }
            let block = "blocks.\(layer)."
            if rest == GGUFNames.joinedName {
                result += try names.joined.split(tensor, block: block)
            } else if let entry = entries[rest] {
                if OfficialName(block + entry.official)?.isUnused == true { continue }
                let official = try entry.layout.official(tensor, block + entry.official, headSize: headSize)
                result.append(try undoingRescale(official, entry.official, layer))
            } else {
                result.append(tensor)
            }
        }
        var seen: Set<String> = []
        for tensor in result where !seen.insert(tensor.name).inserted { throw .duplicateName(name: tensor.name) }
        return result
    }

    /// llama.cpp halves x after every `rescaleEvery` layers and so adds 2^−(layer / rescaleEvery) of what a block gives.
    private func undoingRescale(
        _ tensor: StoredTensor, _ name: String, _ layer: Int
    ) throws(CheckpointError) -> StoredTensor {
        guard rescaleEvery > 0, ["att.output.weight", "ffn.value.weight"].contains(name) else { return tensor }
        let exponent = layer / rescaleEvery
        guard exponent <= 64 else {
            throw .invalidKey(rescaleKey, found: "\(rescaleEvery)", needed: "more, for a layer \(layer)")
        }
        return tensor.timesPowerOfTwo(exponent)
    }
}
