internal import Tensors

/// The group norm over heads that follows the recurrence in RWKV-5, 6 and 7 (`ln_x`).
struct HeadNorm {
    private let weight: Parameter
    private let bias: Parameter
    private let headSize: Int
    private let epsilon: Float

    init(_ c: ModelConfiguration, _ initial: LayerInitialization, _ scope: ParameterScope) throws(ParameterError) {
        weight = try scope.vector("weight", [c.width], initially: .constant(initial.groupNormWeight))
        bias = try scope.vector("bias", [c.width], initially: .constant(0))
        headSize = c.headSize
        epsilon = c.groupNormEpsilon
    }

    func callAsFunction(_ x: Tensor, on tape: Tape) -> Tensor {
        tape.groupNorm(x, weight: weight, bias: bias, headSize: headSize, epsilon: epsilon)
    }
}
