internal import CKernels

extension Tape {
    /// The mean of −log softmax(logits)[target] over all rows, in nats.
    ///
    /// Recording, it turns `logits` into their own gradient in place, because a vocabulary's worth of floats per token
    /// is the largest tensor of a training step; they cannot be read afterwards.
    /// - Parameters:
    ///   - logits: `[T, V]`.
    ///   - targets: One token per row, each in `0..<V`.
    ///   - l2Wrap: RWKV-LM's regulariser: adds `l2Wrap / T · max(logits)` to the gradient of each row's largest logit and
    ///     nothing to the loss. The official factor is 1e-4.
    ///   - tokenCount: T, which sum and gradient are divided by, if the rows are a part of those of a step.
    /// - Returns: The mean loss, summed in double precision in order of rows.
    public func crossEntropy(
        _ logits: Tensor, _ targets: [Int32], l2Wrap: Float = 0, tokenCount: Int? = nil
    ) -> Double {
        let losses = crossEntropies(logits, targets, l2Wrap: l2Wrap, tokenCount: tokenCount)
        return losses.reduce(0.0) { $0 + Double($1) } / Double(max(tokenCount ?? targets.count, 1))
    }

    /// −log softmax(logits)[target] of every row, in nats; as `crossEntropy` otherwise.
    public func crossEntropies(
        _ logits: Tensor, _ targets: [Int32], l2Wrap: Float = 0, tokenCount: Int? = nil
    ) -> [Float] {
        precondition(targets.count == logits.rows, "\(targets.count) targets for logits \(logits.shape)")
        precondition(
            targets.allSatisfy { $0 >= 0 && $0 < logits.width }, "every target is a token of the \(logits.width)")
        let (width, scale) = (logits.width, 1 / Float(tokenCount ?? targets.count))
        let recording = isRecording
        var losses = [Float](repeating: 0, count: targets.count)
        losses.withUnsafeMutableBufferPointer { losses in
            // Each row writes its own element, so the threads do not meet.
            nonisolated(unsafe) let losses = losses
            workspace.parallel(targets.count, cost: Double(width) * 1.5) { rows in
                for row in rows {
                    losses[row] = kernels.table.cross_entropy(
                        recording ? logits.row(row) : nil, logits.row(row), targets[row], width, scale, l2Wrap * scale)
                }
            }
        }
        if recording { logits.becomeOwnGradient() }
        return losses
    }
}
