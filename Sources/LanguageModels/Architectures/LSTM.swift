public import Tensors

/// The LSTM: a cell that gates write, keep and read.
///
/// Hochreiter and Schmidhuber 1997, "Long short-term memory", with the forget gate of Gers et al. 2000; PyTorch's `nn.LSTM`
/// of as many layers as there are blocks, between an embedding and a head without norms.
public enum LSTM: RecurrentArchitecture {
    public static let name = "lstm"

    public static func makeBlock(
        layer: Int, _ c: ModelConfiguration, _ scope: ParameterScope
    ) throws(ParameterError) -> any Block {
        try LSTMBlock(c.width, scope.scope(name))
    }
}

/// One layer, whose weights hold the gates i, f, g and o one below the other.
private struct LSTMBlock: Block {
    let weights: RecurrentWeights
    let stateSlots: [StateSlotDescription]
    let learntState: LearntState? = nil

    init(_ width: Int, _ scope: ParameterScope) throws(ParameterError) {
        weights = try RecurrentWeights(width, gates: 4, scope)
        stateSlots = [StateSlotDescription("hidden", [width]), StateSlotDescription("cell", [width])]
    }

    func callAsFunction(_ x: Tensor, _ context: ForwardContext, on tape: Tape) -> Tensor {
        tape.dropout(
            tape.lstm(
                weights.inputs(x, on: tape), weights.recurrent, hidden: context.slot(0), cell: context.slot(1),
                context.layout))
    }
}
