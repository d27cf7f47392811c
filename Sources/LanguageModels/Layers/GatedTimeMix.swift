internal import Tensors

/// The attention-like half of an RWKV-5.1 or 5.2 block.
///
///     y = recurrence(mix_r(x), mix_k(x), mix_v(x), mix_g(x); d = e^(−e^time_decay)),   see ``GatedRecurrence``
///
/// Peng et al. 2024 (arXiv:2404.05892), section 3. The versions differ in the shapes of decay and bonus only.
struct GatedTimeMix: Mixer {
    private let mixKey, mixValue, mixReceptance, mixGate: Parameter  // time_mix_k, _v, _r, _g  [1, 1, C]
    private let decay: Parameter  // time_decay                                    [H] or [H, N]
    private let recurrence: GatedRecurrence
    private let headSize, headCount: Int
    let stateSlots: [StateSlotDescription]

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
        recurrence = try GatedRecurrence(c, initial, shape: shape, bonuses: bonuses, scope)
        stateSlots = matrixStateSlots(c)
    }

    var learntState: LearntState? { recurrence.learntState }

    func decayRates() -> [Double] { exponentialDecayRates(decay) }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let mixed: GatedRecurrence.MixedRows = (
            receptance: tape.tokenShift(x, mix: mixReceptance, previous: previous, layout),
            key: tape.tokenShift(x, mix: mixKey, previous: previous, layout),
            value: tape.tokenShift(x, mix: mixValue, previous: previous, layout),
            gate: tape.tokenShift(x, mix: mixGate, previous: previous, layout)
        )
        tape.keepLastRows(of: x, in: previous, layout)
        let d = tape.decay(tape.channels(of: decay, headCount: headCount, headSize: headSize))
        return recurrence(mixed, decay: d, context, on: tape)
    }
}
