public import Tensors

/// RWKV-5.0, the first "Eagle": a matrix state per head, one decay and one bonus for each head, and no gate.
///
/// RWKV-LM's `RWKV-v5/src/model.py` as of its first releases. The bonus is e^`time_first`; later versions store it as it is.
public enum RWKV5_0: Architecture {
    public static let name = "rwkv5.0"

    public static func recognizes(_ catalogue: TensorCatalogue) -> Bool {
        catalogue["blocks.0.att.ln_x.weight"] != nil && catalogue["blocks.0.att.time_mix_k"] != nil
            && catalogue["blocks.0.att.gate.weight"] == nil
    }

    public static func configuration(from catalogue: TensorCatalogue) throws(ModelError) -> ModelConfiguration {
        try catalogue.configuration(
            of: name, headCount: catalogue.shape("blocks.0.att.time_decay").extents.first ?? 0)
    }

    public static func defaultSizes(width: Int) -> DefaultSizes {
        DefaultSizes(
            hiddenWidth: DefaultSizes.hiddenWidth5(width: width), headSize: DefaultSizes.headSize(width: width))
    }

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        let initial = LayerInitialization(layer: layer, c)
        return try ResidualBlock(
            c, scope, timeMix: RWKV5_0TimeMix(c, initial, scope.scope("att")),
            channelMix: GatedChannelMix(c, mix: initial.mix(), scope.scope("ffn")))
    }
}

/// The attention-like half of an RWKV-5.0 block.
///
///     r = W_r · mix_r(x);  k = W_k · mix_k(x);  v = W_v · mix_v(x)
///     y = W_o · GN(wkv(r, k, v; d = e^(−e^time_decay), u = e^time_first))
private struct RWKV5_0TimeMix: Mixer {
    let mixKey, mixValue, mixReceptance: Parameter  // time_mix_k, _v, _r  [1, 1, C]
    let decay, first: Parameter  // time_decay, time_first                 [H]
    let receptance, key, value, output: Parameter  // ….weight             [C, C]
    let norm: HeadNorm  // ln_x
    let headSize, headCount: Int
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState?

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        let width = c.width
        (headSize, headCount) = (c.headSize, c.headCount)
        mixKey = try scope.vector("time_mix_k", [1, 1, width], initially: .values(initial.mix()))
        mixValue = try scope.vector("time_mix_v", [1, 1, width], initially: .values(initial.mix(plus: 0.3)))
        mixReceptance = try scope.vector("time_mix_r", [1, 1, width], initially: .values(initial.mix(power: 0.5)))
        decay = try scope.vector(
            "time_decay", [c.headCount], learningRateScale: 2, initially: .values(initial.headDecay()))
        first = try scope.vector("time_first", [c.headCount], learningRateScale: 3, initially: .constant(-3))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .orthogonal(gain: 1))
        key = try scope.matrix("key.weight", width, width, initially: .orthogonal(gain: 0.1))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
        norm = try HeadNorm(c, initial, scope.scope("ln_x"))
        stateSlots = matrixStateSlots(c)
        learntState = try LearntState(c, .keyFirst, slot: 1, scope)
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
        let d = tape.decay(tape.channels(of: decay, headCount: headCount, headSize: headSize))
        let u = tape.exp(tape.channels(of: first, headCount: headCount, headSize: headSize))
        let wkv = tape.wkv6(
            r, k, v, decay: d, bonus: u, state: context.slot(1), firstState: learntState?.parameter,
            headSize: headSize, layout)
        context.observe(.receptance, r)
        context.observe(.key, k)
        context.observe(.value, v)
        context.observe(.decay, d)
        context.observe(.bonus, u)
        context.observe(.recurrence, wkv)
        return tape.linear(norm(wkv, on: tape), output)
    }
}
