public import Tensors

/// RWKV-5.1: a matrix state per head with a decay and a bonus for each head, and an output gate.
///
/// RWKV-LM's `RWKV-v5/src/model.py`.
public enum RWKV5_1: Architecture {
    public static let name = "rwkv5.1"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.gate.weight"] != nil && catalogue["blocks.0.att.time_mix_k"] != nil
            && !RWKV5_2.recognizes(catalogue)
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
                c, initial, shape: [c.headCount], decays: initial.headDecay(),
                bonuses: initial.heads { h in initial.depth * (1 - h) }, scope.scope("att")),
            channelMix: GatedChannelMix(c, mix: initial.mix(), scope.scope("ffn")))
    }
}
