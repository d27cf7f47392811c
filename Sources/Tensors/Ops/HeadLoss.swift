extension Tape {
    /// The mean of −log softmax(W·x)[target] over all rows, as `crossEntropy` of `linear` has it.
    ///
    /// A vocabulary's worth of logits for every token would be the largest tensor of a training. So they are made for some
    /// rows at a time, and when recording gone back through at once: the gradients of x and W are known before the next
    /// rows begin.
    /// - Parameters:
    ///   - x: `[T, C]`.
    ///   - head: W `[V, C]`.
    ///   - targets, l2Wrap, tokenCount: As for `crossEntropy`.
    /// - Complexity: O(T·V·C); memory for some 4 million logits, or 96 rows of them.
    public func headLoss(
        _ x: Tensor, _ head: Parameter, _ targets: [Int32], l2Wrap: Float = 0, tokenCount: Int
    ) -> Double {
        let block = max(96, (1 << 22) / head.outputs / 96 * 96)
        if x.rows <= block { return crossEntropy(linear(x, head), targets, l2Wrap: l2Wrap, tokenCount: tokenCount) }
        let dx = isRecording ? make(x.shape) : nil
        var sum = 0.0
        for start in stride(from: 0, to: x.rows, by: block) {
            let rows = start..<min(x.rows, start + block)
            let part = copy(rows, of: x)
            let tape = branch()
            let loss = tape.crossEntropy(
                tape.linear(part, head), Array(targets[rows]), l2Wrap: l2Wrap, tokenCount: tokenCount)
            tape.backward()
            if let dx, let gradient = part.gradient {
                dx.row(start).update(from: gradient.pointer, count: gradient.count)
            }
            sum += loss
        }
        if let dx { contribute(dx, to: x) }
        return sum
    }

    /// A tape whose backward pass can run before this one's, with the same gradients.
    private func branch() -> Tape {
        let tape = Tape(on: workspace, gradients: gradients, onLinear: onLinear)
        tape.narrowWeights = narrowWeights
        return tape
    }

    private func copy(_ rows: Range<Int>, of x: Tensor) -> Tensor {
        let y = make(rows.count, x.width)
        y.pointer.update(from: x.row(rows.lowerBound), count: y.count)
        return y
    }
}
