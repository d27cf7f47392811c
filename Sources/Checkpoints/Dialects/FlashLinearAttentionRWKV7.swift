/// The naming of flash-linear-attention's `RWKV7ForCausalLM`, as in the models called rwkv7-… of its hub.
///
/// The low-rank factors are the weights of linear layers and so transposed, and what BlinkDL adds to their product is the
/// second one's bias:
///
///     y = bias + f(x · W₀ᵀ) · W₂ᵀ      with w1 = W₀ᵀ, w2 = W₂ᵀ, w0 = bias
///
/// Layer 0 has no `v_lora`, which would go unused. Source: `utils/convert_from_rwkv7.py`, `fla/layers/rwkv7.py`.
enum FlashLinearAttentionRWKV7: NameDialect {
    static let name = "flash-linear-attention's RWKV-7"
    static let marks = FLARWKV7.marks + ["model.layers.0.attn.x_r"]
    static let layerPrefix = FLA.layerPrefix
    static let modelRules = FLA.modelRules
    static let layerRules =
        FLARWKV7.layerRules + ["x_r", "x_w", "x_k", "x_v", "x_a", "x_g"].map { NameRule("attn.\($0)", "att.\($0)") }
}

/// The same in its first version, which kept the six mixes of a layer in one matrix.
///
/// Source: `RWKV7Model.load_state_dict` in `fla/models/rwkv7/modeling_rwkv7.py`, which takes its rows apart.
enum FirstFlashLinearAttentionRWKV7: NameDialect {
    static let name = "flash-linear-attention's RWKV-7, first version"
    static let marks = FLARWKV7.marks + ["model.layers.0.attn.x_x"]
    static let layerPrefix = FLA.layerPrefix
    static let modelRules = FLA.modelRules
    static let layerRules =
        FLARWKV7.layerRules
        + [NameRule("attn.x_x", rows: ["x_r", "x_w", "x_k", "x_v", "x_a", "x_g"].map { "att.\($0)" })]
}

/// What both versions have in common.
private enum FLARWKV7 {
    static let marks = FLA.marks + ["model.layers.0.attn.w_lora.lora.0.weight"]

    static let layerRules =
        FLA.layerRules
        + [
            NameRule("attn.r_proj.weight", "att.receptance.weight"),
            NameRule("attn.k_proj.weight", "att.key.weight"),
            NameRule("attn.v_proj.weight", "att.value.weight"),
            NameRule("attn.k_k", "att.k_k"), NameRule("attn.k_a", "att.k_a"), NameRule("attn.r_k", "att.r_k"),
        ]
        + lowRank("w") + lowRank("a") + lowRank("v", in: .later) + lowRank("g", hasBias: false)
        + [
            .same("ffn.x_k"), .same("ffn.key.weight"), .same("ffn.value.weight"),
        ]

    private static func lowRank(
        _ letter: String, in scope: NameRule.Scope = .every, hasBias: Bool = true
    ) -> [NameRule] {
        let lora = "attn.\(letter)_lora.lora"
        let bias = NameRule("\(lora).2.bias", "att.\(letter)0", in: scope)
        return (hasBias ? [bias] : []) + [
            NameRule("\(lora).0.weight", "att.\(letter)1", .transposed, in: scope),
            NameRule("\(lora).2.weight", "att.\(letter)2", .transposed, in: scope),
        ]
    }
}

/// What all of that library's models have in common.
enum FLA {
    static let marks = ["model.embeddings.weight", "model.layers.0.attn_norm.weight"]
    static let layerPrefix = "model.layers."

    static let modelRules =
        [NameRule("model.embeddings.weight", "emb.weight")] + NameRule.norm("model.norm", "ln_out")
        + [NameRule("lm_head.weight", "head.weight")]

    static let layerRules =
        NameRule.norm("pre_norm", "ln0", in: .first) + NameRule.norm("attn_norm", "ln1")
        + NameRule.norm("ffn_norm", "ln2") + NameRule.norm("attn.g_norm", "att.ln_x")
        + [NameRule("attn.o_proj.weight", "att.output.weight")]
}
