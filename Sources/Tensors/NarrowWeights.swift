/// The matrices of a model in training rounded to `bf16`, as products read them: along their rows and along their columns.
///
/// A tape that has this multiplies in `bf16` with 32-bit sums, forward and backward; the weights that are trained, the
/// recurrences, norms and the loss stay 32-bit numbers (Micikevicius et al. 2017, arXiv:1710.03740). Each matrix is rounded
/// when it is first needed, and those that learn again after `reset`.
public final class NarrowWeights {
    private struct Entry {
        let matrix: NarrowMatrix
        let isTrained: Bool
    }

    private var straight: [Int: Entry] = [:]
    private var transposed: [Int: Entry] = [:]

    public init() {}

    /// Forgets what is rounded of weights that learn: to be called when they have changed.
    public func reset() {
        straight = straight.filter { !$0.value.isTrained }
        transposed = transposed.filter { !$0.value.isTrained }
    }

    /// `weight` as it is stored.
    func straight(_ weight: Parameter, on tape: Tape) -> NarrowMatrix {
        if weight.value.type == .bf16 { return NarrowMatrix(weight) }
        return Self.find(weight, in: &straight) { tape.narrowed($0, weight.outputs, weight.inputs) }
    }

    /// The transpose of `weight`.
    func transposed(_ weight: Parameter, on tape: Tape) -> NarrowMatrix {
        Self.find(weight, in: &transposed) { tape.narrowedTranspose($0, weight.outputs, weight.inputs) }
    }

    private static func find(
        _ weight: Parameter, in known: inout [Int: Entry], make: (UnsafePointer<Float>) -> NarrowMatrix
    ) -> NarrowMatrix {
        if let found = known[weight.index] { return found.matrix }
        let matrix: NarrowMatrix
        if weight.value.type == .f32 {
            matrix = make(weight.floats)
        } else {
            guard let floats = weight.value.floats() else {
                preconditionFailure("“\(weight.name)” is \(weight.value.type.rawValue), which has no numbers")
            }
            matrix = floats.withUnsafeBufferPointer { values in
                guard let base = values.baseAddress else { preconditionFailure("“\(weight.name)” is empty") }
                return make(base)
            }
        }
        known[weight.index] = Entry(matrix: matrix, isTrained: weight.isTrained)
        return matrix
    }
}
