/// dLoss/dS₀ of every sequence and head, on its way to the parameter that S₀ came from.
struct FirstStateGradient {
    private let parameter: Parameter
    private let sequenceCount: Int
    /// `[sequences · H, N·N]`
    private let kept: Tensor

    /// `nil` if nobody wants to know: no parameter, or sequences that go on from somewhere.
    init?(_ tape: Tape, _ parameter: Parameter?, _ layout: SequenceLayout) {
        guard let parameter, tape.beginsWithFirstState else { return nil }
        self.parameter = parameter
        sequenceCount = layout.runs.count
        let heads = parameter.shape.extents[0]
        kept = tape.make(sequenceCount * heads, parameter.count / heads)
    }

    /// Keeps the gradient of one head's state; calls for different heads may run at once.
    func keep(_ gradient: UnsafePointer<Float>, _ sequence: Int, _ head: Int) {
        kept.row(sequence * parameter.shape.extents[0] + head).update(from: gradient, count: kept.width)
    }

    /// Adds the sequences' gradients, in their order.
    /// - Parameter isTransposed: Whether the states are `[K, V]`; the parameter is `[H, V, K]`.
    func add(to gradients: Gradients, isTransposed: Bool) {
        guard let total = gradients.wanted(parameter) else { return }
        let (heads, n) = (parameter.shape.extents[0], parameter.inputs)
        for sequence in 0..<sequenceCount {
            for head in 0..<heads {
                let (sum, part) = (total.row(head), kept.row(sequence * heads + head))
                if isTransposed {
                    for v in 0..<n { for k in 0..<n { sum[v * n + k] += part[k * n + v] } }
                } else {
                    for i in 0..<n * n { sum[i] += part[i] }
                }
            }
        }
    }
}
