import Tensors

/// How rwkv.cpp's converter (`python/convert_pytorch_to_ggml.py`) changes a tensor.
///
/// Names are the official ones, but for the joined vectors of RWKV-7.
enum RWKVCppForm {
    /// By layout only.
    case layout(PeerLayout)
    /// RWKV-4's time_decay.
    case negatedExponential
    /// RWKV-5's time_decay: a number for each head or for each of its channels.
    case decay
    /// RWKV-5.0's time_first: a number for each head.
    case exponential
    /// A number for each channel of each head, `[H, N, 1]`; official `[H, N]`.
    case bonus
    /// The same; official `[1, 1, C]`.
    case headRow

    /// The form of a tensor of a block.
    init(_ rest: String, _ version: OfficialModel.Version) {
        switch (version, rest) {
        case (.rwkv4, "att.time_decay"): self = .negatedExponential
        case (.rwkv5, "att.time_decay"): self = .decay
        case (.rwkv5, "att.time_first"): self = .exponential
        case (.rwkv5, "att.time_faaaa"), (.rwkv6, "att.time_faaaa"): self = .bonus
        case (.rwkv6, "att.time_decay"): self = .headRow
        case (.rwkv6, "att.time_maa_w1"), (.rwkv6, "att.time_decay_w1"), (.rwkv6, "att.time_decay_w2"):
            self = .layout(.transposed)
        case (.rwkv6, "att.time_maa_w2"): self = .layout(.lastAxesSwapped)
        case (.rwkv7, _) where Self.factors.contains(rest): self = .layout(.transposed)
        case (.rwkv7, _) where Self.rows.contains(rest): self = .layout(.row)
        case (_, _) where rest.contains(".time_mix_") || rest.contains(".time_maa_"): self = .layout(.row)
        default: self = .layout(.same)
        }
    }

    private static let factors = Set(
        ["w", "a", "v", "g"].flatMap { letter in ["att.\(letter)1", "att.\(letter)2"] })
    private static let rows: Set = ["att.w0", "att.a0", "att.v0", "att.k_k", "att.k_a", "ffn.x_k"]

    /// The official tensor of which `tensor` is rwkv.cpp's, in a model of `width`.
    /// - Throws: `unexpectedShape`, `invalidWeight`.
    func official(_ tensor: StoredTensor, width: Int) throws(CheckpointError) -> StoredTensor {
        let name = tensor.name
        switch self {
        case .layout(let layout): return try layout.official(tensor, name, headSize: 0)
        case .negatedExponential:
            return try tensor.mapNumbers { x throws(CheckpointError) in
                try DecayForms.fromNegatedExponential(x, name: name)
            }
        case .decay:
            return try Self.perHead(tensor, width).mapNumbers { d throws(CheckpointError) in
                try DecayForms.fromDecay(d, name: name)
            }
        case .exponential:
            return try Self.perHead(tensor, width).mapNumbers { x throws(CheckpointError) in
                try DecayForms.fromExponential(x, name: name)
            }
        case .bonus: return try Self.perHead(tensor, width)
        case .headRow: return try PeerLayout.row.official(tensor, name, headSize: 0)
        }
    }

    /// `[H, 1, 1]` as `[H]` and `[H, N, 1]` as `[H, N]`.
    ///
    /// The converter drops extents of one, so that one head of C channels comes as `[C, 1]`.
    private static func perHead(_ tensor: StoredTensor, _ width: Int) throws(CheckpointError) -> StoredTensor {
        let extents = tensor.shape.extents
        let needed = "[H, N, 1] or [H, 1, 1]"
        guard let heads = extents.first, heads > 0, width > 0 else {
            throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: needed)
        }
        switch tensor.shape.count {
        case width where extents.count < 3 && heads == width: return tensor.unpacked.reshaped([1, width])
        case width: return tensor.unpacked.reshaped([heads, width / heads])
        case heads: return tensor.unpacked.reshaped([heads])
        default: throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: needed)
        }
    }
}

extension RWKVCppForm {
    /// rwkv.cpp's tensor of which `tensor` is the official one.
    ///
    /// rwkv.cpp has no model with a gate and one decay for each head (RWKV-5.1): each channel gets its head's numbers.
    /// - Parameters:
    ///   - width: C.
    ///   - headSize: N of a model of RWKV-6.
    ///   - hasGate: Whether the model has one.
    func peer(
        _ tensor: StoredTensor, width: Int, headSize: Int, hasGate: Bool
    ) throws(CheckpointError) -> StoredTensor {
        switch self {
        // These it multiplies by `[1, 1, C]` as it is.
        case .layout(.row) where tensor.shape.extents.count == 3 && !tensor.name.contains(".time_"): return tensor
        case .layout(let layout): return try layout.peer(tensor)
        case .negatedExponential:
            return try tensor.mapNumbers { w throws(CheckpointError) in DecayForms.negatedExponential(w) }
        case .decay:
            let decays = try tensor.mapNumbers { w throws(CheckpointError) in DecayForms.decay(w) }
            return try Self.perHead(decays, width: width, hasGate: hasGate)
        case .exponential:
            let bonus = try tensor.mapNumbers { u throws(CheckpointError) in DecayForms.exponential(u) }
            return try Self.perHead(bonus, width: width, hasGate: false)
        case .bonus: return try Self.perHead(tensor.unpacked, width: width, hasGate: hasGate)
        case .headRow:
            guard headSize > 0, tensor.shape.count.isMultiple(of: headSize) else {
                throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: "a multiple of \(headSize)")
            }
            return tensor.unpacked.reshaped([tensor.shape.count / headSize, headSize, 1])
        }
    }

    private static func perHead(
        _ tensor: StoredTensor, width: Int, hasGate: Bool
    ) throws(CheckpointError) -> StoredTensor {
        let extents = tensor.shape.extents
        guard (1...2).contains(extents.count), extents[0] > 0, width.isMultiple(of: extents[0]) else {
            throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: "[H] or [H, N]")
        }
        let heads = extents[0]
        if extents.count == 2 { return tensor.reshaped([heads, extents[1], 1]) }
        guard hasGate else { return tensor.reshaped([heads, 1, 1]) }
        let size = width / heads
        let values = (tensor.floats() ?? []).flatMap { [Float](repeating: $0, count: size) }
        return StoredTensor(name: tensor.name, shape: [heads, size, 1], floats: values)
    }
}
