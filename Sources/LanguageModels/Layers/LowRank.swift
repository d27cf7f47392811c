internal import Tensors

/// Two thin matrices in place of a square one, stored `[in, rank]` and `[rank, out]` as RWKV-LM stores them, and perhaps a bias.
struct LowRank {
    private let down: Parameter  // […1]  [C, R]
    private let up: Parameter  // […2]    [R, C]
    private let bias: Parameter?  // […0] [1, 1, C]

    /// How the second factor begins; the first is zero, so that the product is.
    enum Start {
        case uniform(Float)
        case orthogonal
    }

    init(
        _ down: String, _ up: String, bias: Parameter? = nil, width: Int, rank: Int, _ start: Start,
        _ scope: ParameterScope
    ) throws(ParameterError) {
        let first: Initializer =
            switch start {
            case .uniform(let bound): .uniform(bound)
            // RWKV-LM's ortho_init stretches a tall matrix so that its outputs keep their size.
            case .orthogonal: .orthogonal(gain: 0.1 * max(1, Float(rank) / Float(width)).squareRoot())
            }
        self.down = try scope.factor(down, [width, rank], initially: .constant(0))
        self.up = try scope.factor(up, [rank, width], initially: first)
        self.bias = bias
    }

    /// The function between the two factors.
    enum Function {
        case identity, tanh, sigmoid

        func callAsFunction(_ x: Tensor, on tape: Tape) -> Tensor {
            switch self {
            case .identity: x
            case .tanh: tape.tanh(x)
            case .sigmoid: tape.sigmoid(x)
            }
        }
    }

    /// One of several products: `f(x · down) · up + bias`.
    struct Part {
        let factors: LowRank
        let x: Tensor
        let function: Function

        init(_ factors: LowRank, _ x: Tensor, _ function: Function = .identity) {
            (self.factors, self.x, self.function) = (factors, x, function)
        }
    }

    /// Several at once: `f_j(x_j · down_j) · up_j + bias_j`.
    ///
    /// When one token is computed, threads share the matrices of all of them.
    static func sideBySide(_ parts: [Part], on tape: Tape) -> [Tensor] {
        let inner = tape.project(parts.map { ($0.x, $0.factors.down, nil) })
        return tape.project(
            zip(parts, inner).map { part, h in (part.function(h, on: tape), part.factors.up, part.factors.bias) })
    }

    /// `f(x · down) · up + bias`
    func callAsFunction(_ x: Tensor, through function: Function = .identity, on tape: Tape) -> Tensor {
        tape.project(function(tape.project(x, down), on: tape), up, bias: bias)
    }
}
