import Tensors

/// The naming of flash-linear-attention's `RWKV6ForCausalLM`.
///
/// The factors of the data-dependent mixes are the weights of linear layers and so transposed, and their five parts stand
/// in the order r, w, k, v, g where BlinkDL has w, k, v, r, g. Source: `utils/convert_from_rwkv6.py`.
enum FlashLinearAttentionRWKV6: NameDialect {
    static let name = "flash-linear-attention's RWKV-6"
    static let marks = FLA.marks + ["model.layers.0.attn.x_proj.0.mu"]
    static let layerPrefix = FLA.layerPrefix
    static let modelRules = FLA.modelRules
    static let layerRules =
        FLA.layerRules
        + [
            NameRule("attn.x_proj.0.mu", "att.time_maa_x"),
            NameRule("attn.x_bias", rows: ["r", "w", "k", "v", "g"].map { "att.time_maa_\($0)" }),
            NameRule("attn.x_proj.0.linear.weight", "att.time_maa_w1", .custom(firstMixFactor)),
            NameRule("attn.x_proj.2.weight", "att.time_maa_w2", .custom(secondMixFactor)),
            NameRule("attn.w_proj.linear.lora.0.weight", "att.time_decay_w1", .transposed),
            NameRule("attn.w_proj.linear.lora.2.weight", "att.time_decay_w2", .transposed),
            NameRule("attn.w_proj.linear.lora.2.bias", "att.time_decay"),
            NameRule("attn.bonus", "att.time_faaaa"),
            NameRule("attn.r_proj.linear.weight", "att.receptance.weight"),
            NameRule("attn.k_proj.linear.weight", "att.key.weight"),
            NameRule("attn.v_proj.linear.weight", "att.value.weight"),
            NameRule("attn.g_proj.linear.weight", "att.gate.weight"),
            NameRule("ffn.key.mu", "ffn.time_maa_k"),
            NameRule("ffn.receptance.mu", "ffn.time_maa_r"),
            NameRule("ffn.key.linear.weight", "ffn.key.weight"),
            NameRule("ffn.receptance.linear.weight", "ffn.receptance.weight"),
            .same("ffn.value.weight"),
        ]

    /// Of the parts r, w, k, v, g the ones that come first to last in BlinkDL's order.
    private static let order = [1, 2, 3, 0, 4]

    // [5·D, C] with parts r, w, k, v, g  →  [C, 5·D] with parts w, k, v, r, g
    @Sendable private static func firstMixFactor(_ tensor: StoredTensor) throws(CheckpointError) -> StoredTensor {
        try tensor.reorderedRowBlocks(order).transposed()
    }

    // [C, 5·D] with parts r, w, k, v, g  →  [5, D, C] with parts w, k, v, r, g
    @Sendable private static func secondMixFactor(_ tensor: StoredTensor) throws(CheckpointError) -> StoredTensor {
        let rows = try tensor.transposed().reorderedRowBlocks(order)
        return rows.reshaped([order.count, rows.shape.extents[0] / order.count, rows.shape.extents[1]])
    }
}
