/// The naming of Hugging Face transformers' `RwkvForCausalLM`, which is RWKV-4.
///
/// Source: `src/transformers/models/rwkv/convert_rwkv_checkpoint_to_hf.py`, `modeling_rwkv.py`. The elements are
/// BlinkDL's. `rescale_every` of config.json changes nothing in the file: transformers divides weights while it generates,
/// and multiplies them again before it trains.
enum HuggingFaceRWKV4: NameDialect {
    static let name = "transformers' RWKV-4"
    static let marks = HuggingFaceRWKV.marks + ["rwkv.blocks.0.attention.time_first"]
    static let layerPrefix = HuggingFaceRWKV.layerPrefix
    static let modelRules = HuggingFaceRWKV.modelRules
    static let layerRules =
        HuggingFaceRWKV.layerRules + HuggingFaceRWKV.timeMix("key", "value", "receptance")
        + HuggingFaceRWKV.channelMix("key", "receptance") + [
            NameRule("attention.time_first", "att.time_first"),
            // RWKV-5.0 keeps the name of the bonus and adds a norm.
            NameRule("attention.ln_x.weight", "att.ln_x.weight", isOptional: true),
            NameRule("attention.ln_x.bias", "att.ln_x.bias", isOptional: true),
        ]
}

/// The naming of the RWKV-5 models on the Hugging Face hub, whose code comes with them.
///
/// Source: BBuf/RWKV-World-HF-Tokenizer, `scripts/convert_rwkv5_checkpoint_to_hf.py`, with which they were made.
enum HuggingFaceRWKV5: NameDialect {
    static let name = "RWKV-5 on the Hugging Face hub"
    static let marks =
        HuggingFaceRWKV.marks + [
            "rwkv.blocks.0.attention.time_faaaa", "rwkv.blocks.0.attention.time_mix_gate",
        ]
    static let layerPrefix = HuggingFaceRWKV.layerPrefix
    static let modelRules = HuggingFaceRWKV.modelRules
    static let layerRules =
        HuggingFaceRWKV.layerRules + HuggingFaceRWKV.timeMix("key", "value", "receptance", "gate")
        + HuggingFaceRWKV.channelMix("key", "receptance") + HuggingFaceRWKV.gateAndNorm
        + [NameRule("attention.time_faaaa", "att.time_faaaa")]
}

/// The naming of the RWKV-6 models on the Hugging Face hub, whose code comes with them.
///
/// Source: BBuf/RWKV-World-HF-Tokenizer, `scripts/convert_rwkv6_checkpoint_to_hf.py`, with which they were made.
enum HuggingFaceRWKV6: NameDialect {
    static let name = "RWKV-6 on the Hugging Face hub"
    static let marks = HuggingFaceRWKV.marks + ["rwkv.blocks.0.attention.time_maa_x"]
    static let layerPrefix = HuggingFaceRWKV.layerPrefix
    static let modelRules = HuggingFaceRWKV.modelRules
    static let layerRules =
        HuggingFaceRWKV.layerRules + HuggingFaceRWKV.gateAndNorm
        + [
            "time_maa_x", "time_maa_w", "time_maa_k", "time_maa_v", "time_maa_r", "time_maa_g", "time_maa_w1",
            "time_maa_w2", "time_decay_w1", "time_decay_w2", "time_faaaa",
        ].map { NameRule("attention.\($0)", "att.\($0)") }
        + ["time_maa_k", "time_maa_r"].map { NameRule("feed_forward.\($0)", "ffn.\($0)") }
}

/// What the namings of RWKV-4, 5 and 6 have in common.
private enum HuggingFaceRWKV {
    static let marks = ["rwkv.embeddings.weight", "rwkv.blocks.0.attention.key.weight"]
    static let layerPrefix = "rwkv.blocks."

    static let modelRules =
        [NameRule("rwkv.embeddings.weight", "emb.weight")] + NameRule.norm("rwkv.ln_out", "ln_out")
        + [NameRule("head.weight", "head.weight")]

    static let layerRules =
        NameRule.norm("pre_ln", "ln0", in: .first) + NameRule.norm("ln1", "ln1") + NameRule.norm("ln2", "ln2")
        + ["key", "value", "receptance", "output"].map { NameRule("attention.\($0).weight", "att.\($0).weight") }
        + ["key", "value", "receptance"].map { NameRule("feed_forward.\($0).weight", "ffn.\($0).weight") }
        + [NameRule("attention.time_decay", "att.time_decay")]

    static let gateAndNorm =
        NameRule.norm("attention.ln_x", "att.ln_x") + [NameRule("attention.gate.weight", "att.gate.weight")]

    /// Mixes, which BlinkDL abbreviates to their first letter.
    static func timeMix(_ names: String...) -> [NameRule] {
        names.map { NameRule("attention.time_mix_\($0)", "att.time_mix_\($0.prefix(1))") }
    }

    static func channelMix(_ names: String...) -> [NameRule] {
        names.map { NameRule("feed_forward.time_mix_\($0)", "ffn.time_mix_\($0.prefix(1))") }
    }
}
