internal import Tensors

/// The attention-like half of an RWKV-5.1 or 5.2 block.
///
///     r = W_r · mix_r(x);  k = W_k · mix_k(x);  v = W_v · mix_v(x);  g = W_g · mix_g(x)
///     y = W_o · (GN(wkv(r, k, v; d = e^(−e^time_decay), u = time_faaaa)) ⊙ silu(g))
///
/// Peng et al. 2024 (arXiv:2404.05892), section 3. The versions differ in the shapes of decay and bonus only.
struct GatedTimeMix: Mixer {
    private let mixKey, mixValue, mixReceptance, mixGate: Parameter  // time_mix_k, _v, _r, _g  [1, 1, C]
    private let decay, bonus: Parameter  // time_decay, time_faaaa                 [H] or [H, N]
    private let receptance, key, value, gate, output: Parameter  // ….weight       [C, C]
    private let norm: HeadNorm  // ln_x
    private let headSize, headCount: Int
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState?

    /// - Parameters:
    ///   - shape: Of decay and bonus.
    ///   - decays: The decay's first values.
    ///   - bonuses: The bonus's first values.
    init(
        _ c: ModelConfiguration, _ initial: LayerInitialization, shape: Shape, decays: [Float], bonuses: [Float],
        _ scope: ParameterScope
    ) throws(ParameterError) {
        let width = c.width
        (headSize, headCount) = (c.headSize, c.headCount)
        mixKey = try scope.vector("time_mix_k", [1, 1, width], initially: .values(initial.mix()))
        mixValue = try scope.vector("time_mix_v", [1, 1, width], initially: .values(initial.mix(plus: 0.3)))
        mixReceptance = try scope.vector("time_mix_r", [1, 1, width], initially: .values(initial.mix(power: 0.5)))
        mixGate = try scope.vector("time_mix_g", [1, 1, width], initially: .values(initial.mix(power: 0.5)))
        decay = try scope.vector("time_decay", shape, learningRateScale: 2, initially: .values(decays))
        bonus = try scope.vector("time_faaaa", shape, initially: .values(bonuses))
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
        let xk = tape.tokenShift(x, mix: mixKey, previous: previous, layout)
        let xv = tape.tokenShift(x, mix: mixValue, previous: previous, layout)
        let xr = tape.tokenShift(x, mix: mixReceptance, previous: previous, layout)
        let xg = tape.tokenShift(x, mix: mixGate, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        context.observe(.shiftedReceptance, xr)
        context.observe(.shiftedKey, xk)
        context.observe(.shiftedValue, xv)
        let (r, k, v) = (tape.linear(xr, receptance), tape.linear(xk, key), tape.linear(xv, value))
        let d = tape.decay(tape.channels(of: decay, headCount: headCount, headSize: headSize))
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

/// The slots of a time mix with a matrix per head: the last row, and the matrices.
func matrixStateSlots(_ c: ModelConfiguration) -> [StateSlotDescription] {
    [
        StateSlotDescription("att_x_prev", [c.width]),
        StateSlotDescription("att_kv", [c.headCount, c.headSize, c.headSize]),
    ]
}
