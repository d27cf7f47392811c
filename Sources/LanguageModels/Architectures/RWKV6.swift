public import Tensors

/// RWKV-6 "Finch": mixes and decays that depend on the token, through low-rank factors.
///
/// Peng et al. 2024 (arXiv:2404.05892), section 4; RWKV-LM's `RWKV-v5/src/model.py` (`RWKV_Tmix_x060`). The order of the
/// five mixes is w, k, v, r, g.
public enum RWKV6: Architecture {
    public static let name = "rwkv6"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.time_maa_x"] != nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(
            of: name, headCount: catalogue.shape("blocks.0.att.time_faaaa").extents.first ?? 0,
            ranks: [
                "mix": catalogue.matrix("blocks.0.att.time_maa_w1").columns / 5,
                "decay": catalogue.matrix("blocks.0.att.time_decay_w1").columns,
            ])
    }

    public static func defaultSizes(width: Int) -> DefaultSizes {
        var sizes = RWKV5_0.defaultSizes(width: width)
        sizes.ranks = width < 4096 ? ["mix": 32, "decay": 64] : ["mix": 64, "decay": 128]
        return sizes
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        return try ResidualBlock(
            c, scope, timeMix: RWKV6TimeMix(c, initial, scope.scope("att")),
            channelMix: RWKV6ChannelMix(c, initial, scope.scope("ffn")))
    }
}

/// The attention-like half of an RWKV-6 block.
///
///     dz = x[t−1] − x[t];  m_j = tanh((x + dz ⊙ maa_x) · W1)_j · W2_j;  x_j = x + dz ⊙ (maa_j + m_j),  j of w, k, v, r, g
///     d = e^(−e^(time_decay + tanh(x_w · decay_w1) · decay_w2))
///     y = recurrence(x_r, x_k, x_v, x_g; d),   see ``GatedRecurrence``
private struct RWKV6TimeMix: Mixer {
    let mixes: [Parameter]  // time_maa_w, _k, _v, _r, _g              [1, 1, C]
    let mixOfMixes: Parameter  // time_maa_x                           [1, 1, C]
    let mixDown, mixUp: Parameter  // time_maa_w1 [C, 5D], time_maa_w2 [5, D, C]
    let decay: Parameter  // time_decay                                [1, 1, C]
    let decayOfToken: LowRank  // time_decay, time_decay_w1, _w2
    let recurrence: GatedRecurrence
    let stateSlots: [StateSlotDescription]

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        let width = c.width
        let (rank, decayRank) = (c.ranks["mix"] ?? 32, c.ranks["decay"] ?? 64)
        mixOfMixes = try scope.vector("time_maa_x", [1, 1, width], initially: .values(initial.previousMix()))
        let firstMixes = [
            ("w", initial.previousMix()), ("k", initial.previousMix()), ("v", initial.previousMix(plus: 0.3)),
            ("r", initial.previousMix(power: 0.5)), ("g", initial.previousMix(power: 0.5)),
        ]
        var mixes: [Parameter] = []
        for (letter, values) in firstMixes {
            mixes.append(try scope.vector("time_maa_\(letter)", [1, 1, width], initially: .values(values)))
        }
        self.mixes = mixes
        mixDown = try scope.factor("time_maa_w1", [width, 5 * rank], initially: .constant(0))
        mixUp = try scope.factor("time_maa_w2", [5, rank, width], initially: .uniform(0.01))
        decay = try scope.vector(
            "time_decay", [1, 1, width], learningRateScale: 2, initially: .values(initial.decay(first: -6, range: 5)))
        decayOfToken = try LowRank(
            "time_decay_w1", "time_decay_w2", bias: decay, width: width, rank: decayRank, .uniform(0.01), scope)
        recurrence = try GatedRecurrence(
            c, initial, shape: [c.headCount, c.headSize], bonuses: initial.bonus(), scope)
        stateSlots = matrixStateSlots(c)
    }

    var learntState: LearntState? { recurrence.learntState }

    func decayRates() -> [Double] { exponentialDecayRates(decay) }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let hidden = tape.tanh(tape.project(tape.lerp(x, dz, mixOfMixes), mixDown))
        let parts = tape.projections(hidden, mixUp, count: 5)
        let mixed = tape.lerp(x, dz, mixes, plus: parts)
        // In the order w, k, v, r, g.
        let d = tape.decay(decayOfToken(mixed[0], through: .tanh, on: tape))
        return recurrence(
            (receptance: mixed[3], key: mixed[1], value: mixed[2], gate: mixed[4]), decay: d, context, on: tape)
    }
}

/// The feed-forward half of an RWKV-6 block: that of RWKV-4, with mixes that weigh the row before.
///
///     k = max(W_key · (x + dz ⊙ maa_k), 0)²
///     y = σ(W_receptance · (x + dz ⊙ maa_r)) ⊙ (W_value · k)
private struct RWKV6ChannelMix: Mixer {
    let mixKey, mixReceptance: Parameter  // time_maa_k, _r  [1, 1, C]
    let key: Parameter  // key.weight                        [F, C]
    let receptance: Parameter  // receptance.weight          [C, C]
    let value: Parameter  // value.weight                    [C, F]
    let stateSlots: [StateSlotDescription]

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        let (width, hidden) = (c.width, c.hiddenWidth)
        // 1 − (n / C)^(rest³)
        let mix = initial.previousMix(power: initial.rest * initial.rest)
        mixKey = try scope.vector("time_maa_k", [1, 1, width], initially: .values(mix))
        mixReceptance = try scope.vector("time_maa_r", [1, 1, width], initially: .values(mix))
        key = try scope.matrix("key.weight", hidden, width, initially: .orthogonal(gain: 1))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .constant(0))
        value = try scope.matrix("value.weight", width, hidden, initially: .constant(0))
        stateSlots = [StateSlotDescription("ffn_x_prev", [width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let mixed = tape.lerp(x, dz, [mixKey, mixReceptance])
        let k = tape.squaredReLU(tape.linear(mixed[0], key))
        let r = tape.linear(mixed[1], receptance)
        context.observe(.channelKey, k)
        context.observe(.channelGate, tape.sigmoid(r))
        return tape.sigmoidGate(r, tape.linear(k, value))
    }
}
