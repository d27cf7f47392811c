internal import Tensors

/// The weights of a layer of an RNN or an LSTM, called as in PyTorch but for the number of the layer.
struct RecurrentWeights {
    private let input: Parameter  // weight_ih         [G·C, C]
    let recurrent: Parameter  // weight_hh             [G·C, C]
    private let inputBias, recurrentBias: Parameter  // bias_ih, bias_hh  [G·C]

    /// - Parameter gates: G.
    init(_ width: Int, gates: Int, _ scope: ParameterScope) throws(ParameterError) {
        // torch.nn.RNNBase.reset_parameters: everything uniform in ±1/√hidden.
        let first = Initializer.uniform(1 / Float(width).squareRoot())
        input = try scope.matrix("weight_ih", gates * width, width, initially: first)
        recurrent = try scope.matrix("weight_hh", gates * width, width, takesLowRank: false, initially: first)
        inputBias = try scope.vector("bias_ih", [gates * width], initially: first)
        recurrentBias = try scope.vector("bias_hh", [gates * width], initially: first)
    }

    /// W_ih · x + b_ih + b_hh: what does not wait for the row before.
    func inputs(_ x: Tensor, on tape: Tape) -> Tensor {
        tape.linear(x, input, biases: [inputBias, recurrentBias])
    }
}
