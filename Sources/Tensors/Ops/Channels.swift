internal import CKernels

extension Tape {
    /// A parameter of a value per channel, or per head, as one row of a value per channel.
    ///
    /// RWKV-5.0 and 5.1 have one decay and one bonus per head, later versions one per channel; the recurrence knows
    /// channels only.
    /// - Parameter parameter: `[H]` or `[H, N]`, of any shape with as many elements.
    /// - Returns: `[1, H·N]`.
    public func channels(of parameter: Parameter, headCount: Int, headSize: Int) -> Tensor {
        let width = headCount * headSize
        precondition(
            parameter.count == width || parameter.count == headCount,
            "“\(parameter.name)” is \(parameter.shape) for \(headCount) heads of \(headSize)")
        let y = make(1, width)
        let repeats = width / parameter.count
        for c in 0..<width { y.pointer[c] = parameter.floats[c / repeats] }
        record({ _, gradients in
            guard let dy = y.gradient else { return }
            let sum = gradients[parameter]
            for c in 0..<width { sum.pointer[c / repeats] += dy.pointer[c] }
        })
        return y
    }
}
