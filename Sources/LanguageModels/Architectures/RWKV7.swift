public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// RWKV-7 "Goose": a state that a generalised delta rule rewrites, with a learning rate per channel and token.
///
/// Peng et al. 2025 (arXiv:2503.14456); RWKV-LM's `RWKV-v7/train_temp/src/model.py` (`RWKV_Tmix_x070`).
public enum RWKV7: Architecture {
    public static let name = "rwkv7"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.r_k"] != nil && catalogue["blocks.0.ffn.s1"] == nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(
            of: name, headCount: catalogue.shape("blocks.0.att.r_k").extents.first ?? 0, ranks: ranks(from: catalogue))
    }

    /// The ranks of the low-rank parts, from their shapes.
    static func ranks(from catalogue: TensorCatalogue) throws(ModelError) -> [String: Int] {
        var ranks: [String: Int] = [:]
        for letter in ["w", "a", "g"] { ranks[letter] = try catalogue.matrix("blocks.0.att.\(letter)1").columns }
        // The first block uses none; a model of one block may have none at all.
        if catalogue.layerCount > 1 { ranks["v"] = try catalogue.matrix("blocks.1.att.v1").columns }
        return ranks
    }

    public static func defaultSizes(width: Int) -> DefaultSizes {
        // max(32, 32·round(f·√C / 32)), ties to even
        func rank(_ f: Double) -> Int {
            max(32, 32 * Int((f * Double(width).squareRoot() / 32).rounded(.toNearestOrEven)))
        }
        return DefaultSizes(
            hiddenWidth: 4 * width, headSize: DefaultSizes.headSize(width: width),
            ranks: ["w": rank(2.5), "a": rank(2.5), "v": rank(1.7), "g": rank(5)])
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        return try ResidualBlock(
            c, scope, timeMix: RWKV7TimeMix(layer, c, initial, scope.scope("att")),
            channelMix: RWKV7ChannelMix(c, initial, scope.scope("ffn")))
    }
}

/// The attention-like half of an RWKV-7 block.
///
///     x_j = x + dz ⊙ mix_j,  j of r, w, k, v, a, g
///     r = W_r·x_r;  k = W_k·x_k;  v = W_v·x_v;  d = e^(−σ(w0 + tanh(x_w·w1)·w2)/√e)
///     a = σ(a0 + x_a·a1·a2);  g = σ(x_g·g1)·g2;  κ = (k ⊙ k_k) / ‖k ⊙ k_k‖ per head;  k = k ⊙ (1 + (a − 1) ⊙ k_a)
///     v = v + (v_first − v) ⊙ σ(v0 + x_v·v1·v2), but in the first layer, whose v is v_first
///     y = W_o · ((GN(wkv(r, d, k, v, κ, a)) + (Σ_n r ⊙ k ⊙ r_k) v) ⊙ g)
struct RWKV7TimeMix: Mixer {
    private let mixes: [Parameter]  // x_r, x_w, x_k, x_v, x_a, x_g                 [1, 1, C]
    private let decayBias: Parameter  // w0                                         [1, 1, C]
    private let decay, rate, gate: LowRank  // w0 w1 w2, a0 a1 a2, g1 g2
    private let valueResidual: LowRank?  // v0, v1, v2
    private let removalScale, replacementMix: Parameter  // k_k, k_a                [1, 1, C]
    private let bonus: Parameter  // r_k                                            [H, N]
    private let receptance, key, value, output: Parameter  // ….weight              [C, C]
    private let norm: HeadNorm  // ln_x
    private let headSize: Int
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState?

    init(
        _ layer: Int, _ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope
    ) throws(ParameterError) {
        let width = c.width
        headSize = c.headSize
        func vector(_ name: String, rateScale: Float = 1, _ values: [Float]) throws(ParameterError) -> Parameter {
            try scope.vector(name, [1, 1, width], learningRateScale: rateScale, initially: .values(values))
        }
        var mixes: [Parameter] = []
        for (letter, power) in [("r", 0.2), ("w", 0.9), ("k", 0.7), ("v", 0.7), ("a", 0.9), ("g", 0.2)] {
            mixes.append(try vector("x_\(letter)", initial.previousMix(power: power)))
        }
        self.mixes = mixes
        func zigzag(_ n: Double) -> Double { initial.withinHead(n) * abs(initial.withinHead(n)) }
        func slope(_ n: Double) -> Double { initial.ratio(n) - 0.5 }
        let bend = 1 + pow(initial.depth, 0.3)
        decayBias = try vector(
            "w0", rateScale: 2, initial.channels { n in -5.5 + 6 * pow(initial.ratio(n), bend) + 2.5 * zigzag(n) })
        let rateBias = try vector("a0", initial.channels { n in -0.19 + 0.3 * zigzag(n) + 0.4 * slope(n) })
        decay = try LowRank("w1", "w2", bias: decayBias, width: width, rank: c.ranks["w"] ?? 32, .orthogonal, scope)
        rate = try LowRank("a1", "a2", bias: rateBias, width: width, rank: c.ranks["a"] ?? 32, .orthogonal, scope)
        gate = try LowRank("g1", "g2", width: width, rank: c.ranks["g"] ?? 32, .orthogonal, scope)
        let residual = initial.channels { n in 0.73 - 0.4 * slope(n) }
        let rank = c.ranks["v"] ?? 32
        if layer == 0 {
            valueResidual = nil
            try scope.unused("v0", [1, 1, width], initially: .values(residual))
            try scope.unused("v1", [width, rank], initially: .constant(0))
            try scope.unused("v2", [rank, width], initially: .orthogonal(gain: 0.1))
        } else {
            let bias = try vector("v0", residual)
            valueResidual = try LowRank("v1", "v2", bias: bias, width: width, rank: rank, .orthogonal, scope)
        }
        removalScale = try vector("k_k", initial.channels { n in 0.71 - 0.1 * slope(n) })
        replacementMix = try vector("k_a", initial.channels { _ in 1.02 })
        bonus = try scope.vector("r_k", [c.headCount, c.headSize], initially: .constant(-0.04))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .orthogonal(gain: 1))
        key = try scope.matrix("key.weight", width, width, initially: .orthogonal(gain: 0.1))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
        norm = try HeadNorm(c, initial, scope.scope("ln_x"))
        stateSlots = matrixStateSlots(c)
        learntState = try LearntState(c, .valueFirst, slot: 1, scope)
    }

    func decayRates() -> [Double] { boundedDecayRates(decayBias) }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let mixed = tape.lerp(x, dz, mixes)
        let (xr, xw, xk, xv, xa, xg) = (mixed[0], mixed[1], mixed[2], mixed[3], mixed[4], mixed[5])

        let r = tape.linear(xr, receptance)
        let k = tape.linear(xk, key)
        var v = tape.linear(xv, value)
        var lowRank = [LowRank.Part(decay, xw, .tanh), .init(rate, xa), .init(gate, xg, .sigmoid)]
        if let valueResidual { lowRank.append(.init(valueResidual, xv)) }
        let parts = LowRank.sideBySide(lowRank, on: tape)
        let d = tape.boundedDecay(parts[0])
        let a = tape.sigmoid(parts[1])
        let g = parts[2]
        if valueResidual != nil, let first = context.carried.firstValue {
            v = tape.blend(v, first, by: tape.sigmoid(parts[3]))
        } else {
            context.carried.firstValue = v
        }
        let removalKey = tape.removalKey(k, scale: removalScale, headSize: headSize)
        let replacementKey = tape.replacementKey(k, a, mix: replacementMix)
        let wkv = tape.wkv7(
            r, decay: d, replacementKey, v, removalKey: removalKey, a, state: context.slot(1),
            firstState: learntState?.parameter,
            headSize: headSize, layout)
        context.observe(.shiftedReceptance, xr)
        context.observe(.shiftedKey, xk)
        context.observe(.shiftedValue, xv)
        context.observe(.receptance, r)
        context.observe(.key, replacementKey)
        context.observe(.value, v)
        context.observe(.decay, d)
        context.observe(.removalKey, removalKey)
        context.observe(.learningRate, a)
        context.observe(.timeGate, g)
        context.observe(.recurrence, wkv)
        let y = tape.addHeadBonus(norm(wkv, on: tape), r, replacementKey, v, u: bonus, headSize: headSize)
        return tape.linear(tape.multiply(y, g), output)
    }
}

/// The feed-forward half of an RWKV-7 block, without a gate.
///
///     y = W_value · max(W_key · (x + dz ⊙ x_k), 0)²
private struct RWKV7ChannelMix: Mixer {
    let mixKey: Parameter  // x_k      [1, 1, C]
    let key: Parameter  // key.weight  [F, C]
    let value: Parameter  // value.weight [C, F]
    let stateSlots: [StateSlotDescription]

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        // 1 − (n / C)^(rest⁴)
        mixKey = try scope.vector(
            "x_k", [1, 1, c.width], initially: .values(initial.previousMix(power: pow(initial.rest, 3))))
        key = try scope.matrix("key.weight", c.hiddenWidth, c.width, initially: .orthogonal(gain: 1))
        value = try scope.matrix("value.weight", c.width, c.hiddenWidth, initially: .constant(0))
        stateSlots = [StateSlotDescription("ffn_x_prev", [c.width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let dz = tape.shiftDifference(x, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let k = tape.squaredReLU(tape.linear(tape.lerp(x, dz, mixKey), key))
        context.observe(.channelKey, k)
        return tape.linear(k, value)
    }
}
