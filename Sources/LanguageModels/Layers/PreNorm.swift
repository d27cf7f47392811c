internal import Tensors

/// A layer norm with its weight and bias.
struct PreNorm {
    private let weight: Parameter
    private let bias: Parameter

    init(_ width: Int, _ scope: ParameterScope) throws(ParameterError) {
        weight = try scope.vector("weight", [width], initially: .constant(1))
        bias = try scope.vector("bias", [width], initially: .constant(0))
    }

    func callAsFunction(_ x: Tensor, on tape: Tape) -> Tensor { tape.layerNorm(x, weight: weight, bias: bias) }
}
