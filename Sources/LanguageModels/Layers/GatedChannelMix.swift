internal import Tensors

/// The channel mix of RWKV-4 and RWKV-5: a squared-ReLU feed-forward layer behind a receptance gate.
///
///     k = max(W_key · mix_k(x), 0)²
///     y = σ(W_receptance · mix_r(x)) ⊙ (W_value · k)
///
/// Peng et al. 2023, equations 18 to 20; `RWKV_ChannelMix` in RWKV-LM.
struct GatedChannelMix: Mixer {
    private let mixKey: Parameter  // time_mix_k         [1, 1, C]
    private let mixReceptance: Parameter  // time_mix_r  [1, 1, C]
    private let key: Parameter  // key.weight            [F, C]
    private let receptance: Parameter  // receptance.weight [C, C]
    private let value: Parameter  // value.weight        [C, F]
    let stateSlots: [StateSlotDescription]

    /// - Parameters:
    ///   - mix: How much of the present row each channel takes at first.
    ///   - keyGain: The first keys are an orthogonal matrix times this.
    init(_ c: ModelConfiguration, mix: [Float], keyGain: Float = 1, _ scope: ParameterScope) throws(ParameterError) {
        let (width, hidden) = (c.width, c.hiddenWidth)
        mixKey = try scope.vector("time_mix_k", [1, 1, width], initially: .values(mix))
        mixReceptance = try scope.vector("time_mix_r", [1, 1, width], initially: .values(mix))
        key = try scope.matrix("key.weight", hidden, width, initially: .orthogonal(gain: keyGain))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .constant(0))
        value = try scope.matrix("value.weight", width, hidden, initially: .constant(0))
        stateSlots = [StateSlotDescription("ffn_x_prev", [width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        let (previous, layout) = (context.slot(0), context.layout)
        let xk = tape.tokenShift(x, mix: mixKey, previous: previous, layout)
        let xr = tape.tokenShift(x, mix: mixReceptance, previous: previous, layout)
        tape.keepLastRows(of: x, in: previous, layout)
        let k = tape.squaredReLU(tape.linear(xk, key))
        let r = tape.linear(xr, receptance)
        context.observe(.channelKey, k)
        context.observe(.channelGate, tape.sigmoid(r))
        return tape.sigmoidGate(r, tape.linear(k, value))
    }
}
