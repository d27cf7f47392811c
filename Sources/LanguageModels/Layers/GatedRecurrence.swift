internal import Tensors

/// What the time mixes of RWKV-5.1, 5.2 and 6 do with their mixed rows: the recurrence, its gate and its output.
///
///     r = W_r · x_r;  k = W_k · x_k;  v = W_v · x_v;  g = W_g · x_g
///     y = W_o · (GN(wkv(r, k, v; d, u = time_faaaa)) ⊙ silu(g))
///
/// Peng et al. 2024 (arXiv:2404.05892), sections 3 and 4.
struct GatedRecurrence {
    /// The rows that the matrices read, each mixed with the row before it in its own way, `[T, C]`.
    typealias MixedRows = (receptance: Tensor, key: Tensor, value: Tensor, gate: Tensor)

    private let bonus: Parameter  // time_faaaa                                    [H] or [H, N]
    private let receptance, key, value, gate, output: Parameter  // ….weight       [C, C]
    private let norm: HeadNorm  // ln_x
    let learntState: LearntState?
    private let headSize, headCount: Int

    /// - Parameters:
    ///   - shape: Of the bonus.
    ///   - bonuses: Its first values.
    init(
        _ c: ModelConfiguration, _ initial: LayerInitialization, shape: Shape, bonuses: [Float], _ scope: ParameterScope
    ) throws(ParameterError) {
        let width = c.width
        (headSize, headCount) = (c.headSize, c.headCount)
        bonus = try scope.vector("time_faaaa", shape, initially: .values(bonuses))
        receptance = try scope.matrix("receptance.weight", width, width, initially: .orthogonal(gain: 1))
        key = try scope.matrix("key.weight", width, width, initially: .orthogonal(gain: 0.1))
        value = try scope.matrix("value.weight", width, width, initially: .orthogonal(gain: 1))
        gate = try scope.matrix("gate.weight", width, width, initially: .orthogonal(gain: 0.1))
        output = try scope.matrix("output.weight", width, width, initially: .constant(0))
        norm = try HeadNorm(c, initial, scope.scope("ln_x"))
        learntState = try LearntState(c, .keyFirst, slot: 1, scope)
    }

    /// - Parameter d: The decays, the same for all tokens or one row for each.
    func callAsFunction(_ x: MixedRows, decay d: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        context.observe(.shiftedReceptance, x.receptance)
        context.observe(.shiftedKey, x.key)
        context.observe(.shiftedValue, x.value)
        let r = tape.linear(x.receptance, receptance)
        let k = tape.linear(x.key, key)
        let v = tape.linear(x.value, value)
        let u = tape.channels(of: bonus, headCount: headCount, headSize: headSize)
        let wkv = tape.wkv6(
            r, k, v, decay: d, bonus: u, state: context.slot(1), firstState: learntState?.parameter,
            headSize: headSize, context.layout)
        let g = tape.linear(x.gate, gate)
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
