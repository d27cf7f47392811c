internal import Tensors

/// Two thin matrices in place of a square one, stored `[in, rank]` and `[rank, out]` as RWKV-LM stores them.
struct LowRank {
    private let down: Parameter  // […1]  [C, R]
    private let up: Parameter  // […2]    [R, C]

    /// How the second factor begins; the first is zero, so that the product is.
    enum Start {
        case uniform(Float)
        case orthogonal
    }

    init(
        _ down: String, _ up: String, width: Int, rank: Int, _ start: Start, _ scope: ParameterScope
    ) throws(ParameterError) {
        let first: Initializer =
            switch start {
            case .uniform(let bound): .uniform(bound)
            // RWKV-LM's ortho_init stretches a tall matrix so that its outputs keep their size.
            case .orthogonal: .orthogonal(gain: 0.1 * max(1, Float(rank) / Float(width)).squareRoot())
            }
        self.down = try scope.factor(down, [width, rank], initially: .constant(0))
        self.up = try scope.factor(up, [rank, width], initially: first)
    }

    /// Several at once: `f_j(x_j · down_j) · up_j`.
    ///
    /// When one token is computed, threads share the matrices of all of them.
    static func sideBySide(
        _ parts: [(factors: LowRank, x: Tensor, through: (Tensor) -> Tensor)], on tape: Tape
    ) -> [Tensor] {
        let inner = tape.project(parts.map { ($0.x, $0.factors.down) })
        return tape.project(zip(parts, inner).map { part, h in (part.through(h), part.factors.up) })
    }

    /// `f(x · down) · up`
    func callAsFunction(_ x: Tensor, through f: (Tensor) -> Tensor = { $0 }, on tape: Tape) -> Tensor {
        tape.project(f(tape.project(x, down)), up)
    }
}
