public import Tensors

/// RWKV-5.2 "Eagle": a matrix state per head with a decay and a bonus for each channel, and an output gate.
///
/// Peng et al. 2024 (arXiv:2404.05892), section 3; RWKV-LM's `RWKV-v5/src/model.py`.
public enum RWKV5_2: Architecture {
    public static let name = "rwkv5.2"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        guard catalogue["blocks.0.att.gate.weight"] != nil, catalogue["blocks.0.att.time_mix_k"] != nil,
            let decay = catalogue["blocks.0.att.time_decay"]
        else { return false }
        // [H, N]; version 5.1 has [H], which some files write as [H, 1, 1].
        return decay.extents.count > 1 && decay.extents[1] > 1
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(
            of: name, headCount: catalogue.shape("blocks.0.att.time_decay").extents.first ?? 0)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes { RWKV5_0.defaultSizes(width: width) }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        return try ResidualBlock(
            c, scope,
            timeMix: GatedTimeMix(
                c, initial, shape: [c.headCount, c.headSize], decays: initial.decay(first: -6, range: 5),
                bonuses: initial.bonus(), scope.scope("att")),
            channelMix: GatedChannelMix(c, mix: initial.mix(), scope.scope("ffn")))
    }
}
