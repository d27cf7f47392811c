public import Tensors

/// The plain recurrent network: one vector per layer is all that it remembers.
///
/// Elman 1990, "Finding structure in time"; PyTorch's `nn.RNN` with tanh, of as many layers as there are blocks, between an
/// embedding and a head without norms.
public enum Elman: RecurrentArchitecture {
    public static let name = "rnn"

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        try ElmanBlock(c.width, scope.scope(name))
    }
}

/// One layer: h[t] = tanh(W_ih · x[t] + b_ih + W_hh · h[t−1] + b_hh).
private struct ElmanBlock: Block {
    let weights: RecurrentWeights
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState? = nil

    init(_ width: Int, _ scope: ParameterScope) throws(ParameterError) {
        weights = try RecurrentWeights(width, gates: 1, scope)
        stateSlots = [StateSlotDescription("hidden", [width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        tape.dropout(
            tape.elman(weights.inputs(x, on: tape), weights.recurrent, state: context.slot(0), context.layout))
    }
}
