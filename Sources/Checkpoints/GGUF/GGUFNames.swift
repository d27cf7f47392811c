import Tensors

/// llama.cpp's names of the tensors of RWKV models, beside the official ones.
///
/// From llama.cpp's `gguf-py/gguf/constants.py` and `tensor_mapping.py` and the models' converters; what those transpose,
/// join and flatten is undone by the layout.
struct GGUFNames {
    /// A tensor of a block.
    struct Entry {
        let official: String
        let peer: String
        let layout: PeerLayout

        init(_ official: String, _ peer: String, _ layout: PeerLayout = .same) {
            (self.official, self.peer, self.layout) = (official, peer, layout)
        }
    }

    let entries: [Entry]
    let joined: JoinedVectors

    /// What lies outside the blocks, and ln0, which llama.cpp does not count to the first block.
    static let outside: [(official: String, peer: String)] = [
        ("emb.weight", "token_embd.weight"), ("head.weight", "output.weight"),
        ("blocks.0.ln0.weight", "token_embd_norm.weight"), ("blocks.0.ln0.bias", "token_embd_norm.bias"),
        ("ln_out.weight", "output_norm.weight"), ("ln_out.bias", "output_norm.bias"),
    ]

    /// The tensor that holds the joined vectors.
    static let joinedName = "time_mix_lerp_fused.weight"

    private static let common: [Entry] =
        ["weight", "bias"].flatMap { kind in
            [
                Entry("ln1.\(kind)", "attn_norm.\(kind)"), Entry("ln2.\(kind)", "attn_norm_2.\(kind)"),
                Entry("att.ln_x.\(kind)", "time_mix_ln.\(kind)"),
            ]
        }
        + ["key", "value", "receptance", "output", "gate"].map {
            Entry("att.\($0).weight", "time_mix_\($0).weight")
        }
        + ["key", "value", "receptance"].map { Entry("ffn.\($0).weight", "channel_mix_\($0).weight") }

    static let version6 = GGUFNames(
        entries: common + [
            Entry("att.time_maa_x", "time_mix_lerp_x.weight", .row),
            Entry("att.time_maa_w1", "time_mix_w1.weight", .transposed),
            Entry("att.time_maa_w2", "time_mix_w2.weight", .lastAxesSwapped),
            Entry("att.time_decay", "time_mix_decay.weight", .row),
            Entry("att.time_decay_w1", "time_mix_decay_w1.weight", .transposed),
            Entry("att.time_decay_w2", "time_mix_decay_w2.weight", .transposed),
            Entry("att.time_faaaa", "time_mix_first.weight", .heads),
            Entry("ffn.time_maa_k", "channel_mix_lerp_k.weight", .row),
            Entry("ffn.time_maa_r", "channel_mix_lerp_r.weight", .row),
        ]
            // Files older than the joining of the vectors have them one by one.
            + JoinedVectors.version6.letters.map { Entry("att.time_maa_\($0)", "time_mix_lerp_\($0).weight", .row) },
        joined: .version6)

    static let version7 = GGUFNames(
        entries: common
            + ["w", "a", "v", "g"].flatMap { letter in
                ["1", "2"].map { Entry("att.\(letter)\($0)", "time_mix_\(letter)\($0).weight", .transposed) }
            }
            + ["w0", "a0", "v0", "k_k", "k_a"].map { Entry("att.\($0)", "time_mix_\($0).weight", .row) }
            + [
                Entry("att.r_k", "time_mix_r_k.weight", .flatHeads),
                Entry("ffn.x_k", "channel_mix_lerp_k.weight", .row),
            ],
        joined: .version7)

    /// Splits `blk.{layer}.{rest}`.
    static func blockName(_ name: String) -> (layer: Int, rest: String)? {
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]), (0..<1 << 20).contains(layer) else {
            return nil
        }
        return (layer, String(parts[2]))
    }
}
