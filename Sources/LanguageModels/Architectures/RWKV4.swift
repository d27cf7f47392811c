public import Tensors

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// RWKV-4 "Dove": a state of two vectors per layer, num and den, and a decay per channel.
///
///     x = x + timeMix(LN(x; ln1));  x = x + channelMix(LN(x; ln2))
///
/// Letters, as in Peng et al. 2023 (arXiv:2305.13048) and RWKV-LM's `RWKV-v4neo/src/model.py`: r receptance, k key,
/// v value, w decay (`time_decay`), u bonus of the present token (`time_first`), μ mix (`time_mix_…`).
public enum RWKV4: Architecture {
    public static let name = "rwkv4"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.time_first"] != nil && catalogue["blocks.0.att.ln_x.weight"] == nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        let embedding = try catalogue.matrix("emb.weight")
        return ModelConfiguration(
            architecture: name, layerCount: catalogue.layerCount, width: embedding.columns,
            hiddenWidth: try catalogue.matrix("blocks.0.ffn.key.weight").rows, vocabularySize: embedding.rows)
    }

    public static func makeBlock(
        layer: Int, _ configuration: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        try RWKV4Block(layer, configuration, scope)
    }
}

private struct RWKV4Block: Block {
    let timeNorm: PreNorm
    let timeMix: RWKV4TimeMix
    let channelNorm: PreNorm
    let channelMix: GatedChannelMix
    let stateSlots: [StateSlotDescription]

    init(_ layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope) throws(ParameterError) {
        let initial = RWKV4Initialization(layer: layer, c)
        timeNorm = try PreNorm(c.width, scope.scope("ln1"))
        channelNorm = try PreNorm(c.width, scope.scope("ln2"))
        timeMix = try RWKV4TimeMix(c.width, initial, scope.scope("att"))
        channelMix = try GatedChannelMix(c, mix: initial.mix(), scope.scope("ffn"))
        stateSlots = [
            StateSlotDescription("att_x_prev", [c.width]),
            StateSlotDescription("num", [c.width]),
            StateSlotDescription("den", [c.width]),
            // Below every key, and finite, so that no ∞ − ∞ can arise. The official package starts here too.
            StateSlotDescription("max", [c.width], initialValue: -1e30),
            StateSlotDescription("ffn_x_prev", [c.width]),
        ]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let attended = tape.add(x, tape.dropout(timeMix(timeNorm(x, on: tape), context, on: tape)))
        let mixed = channelMix(
            channelNorm(attended, on: tape), previous: context.slot(4), context.layout, on: tape)
        return tape.add(attended, tape.dropout(mixed))
    }
}

/// The attention-like half of an RWKV-4 block.
///
///     r = W_r · mix_r(x);  k = W_k · mix_k(x);  v = W_v · mix_v(x)
///     y = W_o · (σ(r) ⊙ wkv(k, v; w, u))
private struct RWKV4TimeMix {
    let mixKey, mixValue, mixReceptance: Parameter  // time_mix_k, _v, _r  [1, 1, C]
    let decay, first: Parameter  // time_decay, time_first                 [C]
    let key, value, receptance, output: Parameter  // ….weight             [C, C]

    init(_ width: Int, _ initial: RWKV4Initialization, _ scope: ParameterScope) throws(ParameterError) {
        // The learning rates are the official ones: decays learn twice and bonuses three times as fast.
        decay = try scope.vector(
            "time_decay", [width], learningRateScale: 2, initially: .values(initial.decay()))
        first = try scope.vector("time_first", [width], learningRateScale: 3, initially: .values(initial.first()))
        mixKey = try scope.vector("time_mix_k", [1, 1, width], initially: .values(initial.mix()))
        mixValue = try scope.vector("time_mix_v", [1, 1, width], initially: .values(initial.mix(plus: 0.3)))
        mixReceptance = try scope.vector("time_mix_r", [1, 1, width], initially: .values(initial.mix(power: 0.5)))
        key = try scope.matrix("key.weight", width, width, initially: .constant(0))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .constant(0))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let xk = tape.tokenShift(x, mix: mixKey, previous: previous, layout)
        let xv = tape.tokenShift(x, mix: mixValue, previous: previous, layout)
        let xr = tape.tokenShift(x, mix: mixReceptance, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let wkv = tape.wkv4(
            tape.linear(xk, key), tape.linear(xv, value), decay: decay, first: first,
            state: (a: context.slot(1), b: context.slot(2), p: context.slot(3)), layout)
        return tape.linear(tape.sigmoidGate(tape.linear(xr, receptance), wkv), output)
    }
}

/// The official first values of RWKV-4's vectors (`RWKV-v4neo/src/model.py`), which spread the channels from quickly to
/// slowly forgetting ones, the more so the deeper the layer.
private struct RWKV4Initialization {
    private let width: Int
    private let depth: Double  // from 0 in the first layer to 1 in the last
    private let rest: Double  // from 1 in the first layer to nearly 0 in the last

    init(layer: Int, _ c: ModelConfiguration) {
        width = c.width
        depth = c.layerCount > 1 ? Double(layer) / Double(c.layerCount - 1) : 0
        rest = 1 - Double(layer) / Double(c.layerCount)
    }

    /// −5 + 8·(n / (C−1))^(0.7 + 1.3·depth)
    func decay() -> [Float] {
        channels { n in -5 + 8 * pow(n / Double(max(width - 1, 1)), 0.7 + 1.3 * depth) }
    }

    /// ln 0.3 plus −0.5, 0 or 0.5 in turn
    func first() -> [Float] {
        channels { n in log(0.3) + 0.5 * ((n + 1).truncatingRemainder(dividingBy: 3) - 1) }
    }

    /// (n / C)^(rest · power) + plus · depth
    func mix(power: Double = 1, plus: Double = 0) -> [Float] {
        channels { n in pow(n / Double(width), rest * power) + plus * depth }
    }

    private func channels(_ value: (Double) -> Double) -> [Float] { (0..<width).map { Float(value(Double($0))) } }
}
