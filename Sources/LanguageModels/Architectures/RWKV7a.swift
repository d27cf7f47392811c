public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// RWKV-7a "DeepEmbed": RWKV-7 whose channel mix is scaled by a small matrix for each token of the vocabulary.
///
/// RWKV-LM's `RWKV-v7/rwkv_v7a_demo.py`. The time mix is RWKV-7's.
public enum RWKV7a: Architecture {
    public static let name = "rwkv7a"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.r_k"] != nil && catalogue["blocks.0.ffn.s1"] != nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        var ranks = try RWKV7.ranks(from: catalogue)
        ranks["s"] = try catalogue.matrix("blocks.0.ffn.s1").columns
        return try catalogue.configuration(
            of: name, headCount: catalogue.shape("blocks.0.att.r_k").extents.first ?? 0, ranks: ranks)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes {
        var sizes = RWKV7.defaultSizes(width: width)
        sizes.ranks["s"] = 32
        return sizes
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        return try ResidualBlock(
            c, scope, timeMix: RWKV7TimeMix(layer, c, initial, scope.scope("att")),
            channelMix: DeepEmbedChannelMix(c, initial, scope.scope("ffn")))
    }
}

/// The feed-forward half of an RWKV-7a block.
///
///     E = s_emb[token] + W_s_emb_x · e  (viewed as [R, R]);  h = (x · s1) · E
///     y = W_value · (max(W_key · (x + dz ⊙ x_k), 0)² ⊙ (h · s2 + s0))
///
/// where e is the token's normed embedding, what the first block is given. x is not shifted on its way into h.
private struct DeepEmbedChannelMix: Mixer {
    let mixKey: Parameter  // x_k                  [1, 1, C]
    let key: Parameter  // key.weight              [F, C]
    let value: Parameter  // value.weight          [C, F]
    let tokenMatrices: Parameter  // s_emb.weight  [V, R·R]
    let embeddedMatrix: Parameter  // s_emb_x.weight [R·R, C]
    let down, up: Parameter  // s1 [C, R], s2      [R, F]
    let scale: Parameter  // s0                    [1, 1, F]
    let stateSlots: [StateSlotDescription]

    // RWKV-LM publishes no training code of this version, so the first values are ours: the factor begins at 1 (s0 = 1,
    // s2 = 0), so that the block begins as RWKV-7's, and E as the identity, so that s2 learns from the first step on.
    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        let rank = c.ranks["s"] ?? 32
        mixKey = try scope.vector(
            "x_k", [1, 1, c.width], initially: .values(initial.previousMix(power: pow(initial.rest, 3))))
        key = try scope.matrix("key.weight", c.hiddenWidth, c.width, initially: .orthogonal(gain: 1))
        value = try scope.matrix("value.weight", c.width, c.hiddenWidth, initially: .constant(0))
        var identities = [Float](repeating: 0, count: c.vocabularySize * rank * rank)
        for i in stride(from: 0, to: identities.count, by: rank * rank) {
            for j in 0..<rank { identities[i + j * (rank + 1)] = 1 }
        }
        tokenMatrices = try scope.embedding(
            "s_emb.weight", c.vocabularySize, rank * rank, initially: .values(identities))
        embeddedMatrix = try scope.matrix("s_emb_x.weight", rank * rank, c.width, initially: .constant(0))
        down = try scope.factor("s1", [c.width, rank], initially: .orthogonal(gain: 0.1))
        up = try scope.factor("s2", [rank, c.hiddenWidth], initially: .constant(0))
        scale = try scope.vector("s0", [1, 1, c.hiddenWidth], initially: .constant(1))
        stateSlots = [StateSlotDescription("ffn_x_prev", [c.width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let k = tape.squaredReLU(tape.linear(tape.lerp(x, dz, mixKey), key))
        let matrices = tape.add(
            tape.embedding(context.tokens, tokenMatrices), tape.linear(context.embedded, embeddedMatrix))
        let h = tape.rowwiseProduct(tape.project(x, down), matrices)
        context.observe(.channelKey, k)
        return tape.linear(tape.multiply(k, tape.project(h, up, bias: scale)), value)
    }
}
