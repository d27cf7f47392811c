internal import Tensors

/// A linear layer with a bias: `W·x + b`.
struct Biased {
    private let weight: Parameter
    private let bias: Parameter

    /// - Parameter biasShape: The bias's shape in checkpoints; `[outputs]` if `nil`.
    init(
        _ outputs: Int, _ inputs: Int, biasShape: Shape? = nil, weight initializer: Initializer,
        bias biasInitializer: Initializer = .constant(0), _ scope: ParameterScope
    ) throws(ParameterError) {
        weight = try scope.matrix("weight", outputs, inputs, initially: initializer)
        bias = try scope.vector("bias", biasShape ?? [outputs], initially: biasInitializer)
    }

    func callAsFunction(_ x: Tensor, on tape: Tape) -> Tensor { tape.linear(x, weight, biases: [bias]) }
}
