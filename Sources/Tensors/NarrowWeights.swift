/// The matrices of a model in training rounded to `bf16`, as products read them: along their rows and along their columns.
///
/// A tape that has this multiplies in `bf16` with 32-bit sums, forward and backward; the weights that are trained, the
/// recurrences, norms and the loss stay 32-bit numbers (Micikevicius et al. 2017, arXiv:1710.03740). Each matrix is rounded
/// when it is first needed, and those that learn again after `reset`.
public final class NarrowWeights {
    /// What a matrix is summed over.
    enum Direction { case rows, columns }

    private struct Key: Hashable {
        let index: Int
        let direction: Direction
    }

    private struct Entry {
        let panels: NarrowPanels
        let isTrained: Bool
    }

    private var known: [Key: Entry] = [:]

    public init() {}

    /// Forgets what is rounded of weights that learn: to be called when they have changed.
    public func reset() { known = known.filter { !$0.value.isTrained } }

    /// The right side of a product with `weight`, summed along its rows (y = x · Wᵀ) or along its columns (y = x · W).
    func panels(_ weight: Parameter, along direction: Direction, on tape: Tape) -> NarrowPanels {
        let key = Key(index: weight.index, direction: direction)
        if let found = known[key] { return found.panels }
        let panels = Self.withFloats(weight) {
            switch direction {
            case .rows: tape.panelsOfRows($0, weight.outputs, weight.inputs)
            case .columns: tape.panelsOfColumns($0, weight.outputs, weight.inputs)
            }
        }
        known[key] = Entry(panels: panels, isTrained: weight.isTrained)
        return panels
    }

    private static func withFloats(
        _ weight: Parameter, _ body: (UnsafePointer<Float>) -> NarrowPanels
    ) -> NarrowPanels {
        if weight.value.type == .f32 { return body(weight.floats) }
        guard let floats = weight.value.floats() else {
            preconditionFailure("“\(weight.name)” is \(weight.value.type.rawValue), which has no numbers")
        }
        return floats.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { preconditionFailure("“\(weight.name)” is empty") }
            return body(base)
        }
    }
}
