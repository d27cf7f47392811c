public import Tensors

/// A value that a forward call computes on its way to the logits, by the name that it has in the blocks' formulas.
///
/// Which of them there are depends on the architecture.
public enum Activation: String, Sendable, Hashable, CaseIterable {
    /// The rows of the embedding before any norm, `[rows, C]`; of layer 0.
    case embedding
    /// The residual stream that a block is given, `[rows, C]`.
    case input
    /// What the time mix is given, LN(x; ln1), `[rows, C]`.
    case timeInput
    /// That, mixed with the row before for r, k and v, `[rows, C]` each.
    case shiftedReceptance, shiftedKey, shiftedValue
    /// r, before any sigmoid, `[rows, C]`.
    case receptance
    /// k as it enters the recurrence: in RWKV-7 the replacement key; in a Transformer with its position; `[rows, C]`.
    case key
    /// v as it enters the recurrence, `[rows, C]`.
    case value
    /// A Transformer's q with its position, `[rows, C]`.
    case query
    /// d, the factor that is left of what is remembered after a row: `[rows, C]`, or `[1, C]` if it is always the same.
    case decay
    /// u, what the present row weighs in RWKV-4 to 6, `[1, C]`.
    case bonus
    /// RWKV-7's κ, a unit vector per head, and a, how much of what it finds is taken out, `[rows, C]` each.
    case removalKey, learningRate
    /// The gate of a time mix, after its activation function, `[rows, C]`.
    case timeGate
    /// What the recurrence or the attention gives, before norm, gate and output matrix, `[rows, C]`.
    case recurrence
    /// What the time mix adds to the residual stream, `[rows, C]`.
    case timeOutput
    /// What the channel mix is given, LN(x; ln2), `[rows, C]`.
    case channelInput
    /// max(W_key · …, 0)² of the channel mix, `[rows, F]`.
    case channelKey
    /// σ(r) of the channel mix of RWKV-4 to 6, `[rows, C]`.
    case channelGate
    /// What the channel mix adds to the residual stream, `[rows, C]`.
    case channelOutput
    /// The residual stream that a block gives, `[rows, C]`.
    case output
}

/// Is shown the values of a forward call in the order in which they are computed.
///
/// Whoever keeps a tensor keeps its memory from being used again; its values do not change.
public typealias ActivationObserver = (_ activation: Activation, _ layer: Int, _ value: Tensor) -> Void

extension ForwardContext {
    /// Shows a value to the observer, if there is one; `value` is not computed otherwise.
    func observe(_ activation: Activation, _ value: @autoclosure () -> Tensor) {
        observer?(activation, layer, value())
    }
}

extension LanguageModel {
    /// As the call over one sequence, with an observer that is shown what is computed on the way.
    ///
    /// The logits and the state are the same bits as without one.
    /// - Returns: `[tokens, V]`.
    /// - Throws: as the call over chunks.
    public func callAsFunction(
        _ tokens: [Int32], state: inout ModelState, observer: @escaping ActivationObserver, on tape: Tape
    ) throws(ModelError) -> Tensor {
        var chunks = [SequenceChunk(tokens: tokens, state: state, wanted: .all)]
        state = .lent
        defer { state = chunks[0].state }
        return logits(ofNormed: try outputs(&chunks, observer: observer, on: tape), on: tape)
    }

    /// What the head makes of a residual stream: its last norm and the head, as after the last block.
    ///
    /// Of the last block's output these are the model's logits, of another's what the model would predict if it ended
    /// there (nostalgebraist 2020, "interpreting GPT: the logit lens").
    /// - Parameter x: `[rows, C]`.
    /// - Returns: `[rows, V]`.
    public func logits(ofResidual x: Tensor, on tape: Tape) -> Tensor {
        logits(ofNormed: normed(x, on: tape), on: tape)
    }
}
