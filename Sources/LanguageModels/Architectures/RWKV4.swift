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
/// Letters, as in Peng et al. 2023 (arXiv:2305.13048) and RWKV-LM's `RWKV-v4neo/src/model.py`: r receptance, k key,
/// v value, w decay (`time_decay`), u bonus of the present token (`time_first`), μ mix (`time_mix_…`).
public enum RWKV4: Architecture {
    public static let name = "rwkv4"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.time_first"] != nil && catalogue["blocks.0.att.ln_x.weight"] == nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(of: name)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes { DefaultSizes(hiddenWidth: 4 * width) }

    public static func frame(_ c: ModelConfiguration, learningRate: Float) -> ModelFrame {
        .rwkv(c, embeddingBound: learningRate)
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        let keyGain = max(1, Float(c.hiddenWidth) / Float(c.width)).squareRoot()
        return try ResidualBlock(
            c, scope, timeMix: RWKV4TimeMix(c.width, initial, scope.scope("att")),
            channelMix: GatedChannelMix(c, mix: initial.mix(), keyGain: keyGain, scope.scope("ffn")))
    }
}

/// The attention-like half of an RWKV-4 block.
///
///     r = W_r · mix_r(x);  k = W_k · mix_k(x);  v = W_v · mix_v(x)
///     y = W_o · (σ(r) ⊙ wkv(k, v; w, u))
private struct RWKV4TimeMix: Mixer {
    let mixKey, mixValue, mixReceptance: Parameter  // time_mix_k, _v, _r  [1, 1, C]
    let decay, first: Parameter  // time_decay, time_first                 [C]
    let key, value, receptance, output: Parameter  // ….weight             [C, C]
    let stateSlots: [StateSlotDescription]

    init(_ width: Int, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        // The learning rates are the official ones: decays learn twice and bonuses three times as fast.
        decay = try scope.vector(
            "time_decay", [width], learningRateScale: 2, initially: .values(initial.decay(first: -5, range: 8)))
        first = try scope.vector(
            "time_first", [width], learningRateScale: 3,
            initially: .values(initial.channels { n in log(0.3) + 0.5 * initial.inTurn(n) }))
        mixKey = try scope.vector("time_mix_k", [1, 1, width], initially: .values(initial.mix()))
        mixValue = try scope.vector("time_mix_v", [1, 1, width], initially: .values(initial.mix(plus: 0.3)))
        mixReceptance = try scope.vector("time_mix_r", [1, 1, width], initially: .values(initial.mix(power: 0.5)))
        key = try scope.matrix("key.weight", width, width, initially: .constant(0))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .constant(0))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
        stateSlots = [
            StateSlotDescription("att_x_prev", [width]),
            StateSlotDescription("num", [width]),
            StateSlotDescription("den", [width]),
            // Below every key, and finite, so that no ∞ − ∞ can arise. The official package starts here too.
            StateSlotDescription("max", [width], initialValue: -1e30),
        ]
    }

    func decayRates() -> [Double] { exponentialDecayRates(decay) }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let xk = tape.tokenShift(x, mix: mixKey, previous: previous, layout)
        let xv = tape.tokenShift(x, mix: mixValue, previous: previous, layout)
        let xr = tape.tokenShift(x, mix: mixReceptance, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        context.observe(.shiftedReceptance, xr)
        context.observe(.shiftedKey, xk)
        context.observe(.shiftedValue, xv)
        let (r, k, v) = (tape.linear(xr, receptance), tape.linear(xk, key), tape.linear(xv, value))
        let wkv = tape.wkv4(
            k, v, decay: decay, first: first, state: (a: context.slot(1), b: context.slot(2), p: context.slot(3)),
            layout)
        context.observe(.receptance, r)
        context.observe(.key, k)
        context.observe(.value, v)
        context.observe(.decay, tape.decay(tape.channels(of: decay, headCount: 1, headSize: x.width)))
        context.observe(.bonus, tape.channels(of: first, headCount: 1, headSize: x.width))
        context.observe(.recurrence, wkv)
        return tape.linear(tape.sigmoidGate(r, wkv), output)
    }
}
