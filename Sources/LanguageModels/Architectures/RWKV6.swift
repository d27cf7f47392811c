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
///     y = W_o · (GN(wkv(W_r·x_r, W_k·x_k, W_v·x_v; d, u = time_faaaa)) ⊙ silu(W_g·x_g))
private struct RWKV6TimeMix: Mixer {
    let mixes: [Parameter]  // time_maa_w, _k, _v, _r, _g              [1, 1, C]
    let mixOfMixes: Parameter  // time_maa_x                           [1, 1, C]
    let mixDown, mixUp: Parameter  // time_maa_w1 [C, 5D], time_maa_w2 [5, D, C]
    let decay: Parameter  // time_decay                                [1, 1, C]
    let decayOfToken: LowRank  // time_decay_w1, _w2
    let bonus: Parameter  // time_faaaa                                [H, N]
    let receptance, key, value, gate, output: Parameter  // ….weight   [C, C]
    let norm: HeadNorm  // ln_x
    let headSize, headCount: Int
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState?

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        let width = c.width
        let (rank, decayRank) = (c.ranks["mix"] ?? 32, c.ranks["decay"] ?? 64)
        (headSize, headCount) = (c.headSize, c.headCount)
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
            "time_decay_w1", "time_decay_w2", width: width, rank: decayRank, .uniform(0.01), scope)
        bonus = try scope.vector("time_faaaa", [c.headCount, c.headSize], initially: .values(initial.bonus()))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .orthogonal(gain: 1))
        key = try scope.matrix("key.weight", width, width, initially: .orthogonal(gain: 0.1))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        gate = try scope.matrix("gate.weight", width, width, initially: .orthogonal(gain: 0.1))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
        norm = try HeadNorm(c, initial, scope.scope("ln_x"))
        stateSlots = matrixStateSlots(c)
        learntState = try LearntState(c, .keyFirst, slot: 1, scope)
    }

    func decayRates() -> [Double] { exponentialDecayRates(decay) }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let hidden = tape.tanh(tape.project(tape.lerp(x, dz, mixOfMixes), mixDown))
        let parts = tape.projections(hidden, mixUp, count: 5)
        let mixed = tape.lerp(x, dz, zip(mixes, parts).map { (mix: $0, plus: $1) })
        let (xw, xk, xv, xr, xg) = (mixed[0], mixed[1], mixed[2], mixed[3], mixed[4])

        let d = tape.decay(tape.add(decayOfToken(xw, through: tape.tanh, on: tape), bias: decay))
        context.observe(.shiftedReceptance, xr)
        context.observe(.shiftedKey, xk)
        context.observe(.shiftedValue, xv)
        let (r, k, v) = (tape.linear(xr, receptance), tape.linear(xk, key), tape.linear(xv, value))
        let u = tape.channels(of: bonus, headCount: headCount, headSize: headSize)
        let wkv = tape.wkv6(
            r, k, v, decay: d, bonus: u, state: context.slot(1), firstState: learntState?.parameter,
            headSize: headSize, layout)
        let g = tape.linear(xg, gate)
        context.observe(.receptance, r)
        context.observe(.key, k)
        context.observe(.value, v)
        context.observe(.decay, d)
        context.observe(.bonus, u)
        context.observe(.recurrence, wkv)
        context.observe(.timeGate, tape.multiply(g, tape.sigmoid(g)))
        return tape.linear(tape.siluGate(g, norm(wkv, on: tape)), output)
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
        let mixed = tape.lerp(x, dz, [(mixKey, nil), (mixReceptance, nil)])
        let k = tape.squaredReLU(tape.linear(mixed[0], key))
        let r = tape.linear(mixed[1], receptance)
        context.observe(.channelKey, k)
        context.observe(.channelGate, tape.sigmoid(r))
        return tape.sigmoidGate(r, tape.linear(k, value))
    }
}
