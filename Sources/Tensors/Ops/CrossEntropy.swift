internal import CKernels

extension Tape {
    /// The target of a row that does not count: its loss is 0 and so is its gradient.
    public static let ignoredTarget: Int32 = -1

    /// The mean of −log softmax(logits)[target] over all rows that count, in nats.
    ///
    /// Recording, it turns `logits` into their own gradient in place, because a vocabulary's worth of floats per token
    /// is the largest tensor of a training step; they cannot be read afterwards.
    /// - Parameters:
    ///   - logits: `[T, V]`.
    ///   - targets: One token per row, each in `0..<V`, or `ignoredTarget`.
    ///   - l2Wrap: RWKV-LM's regulariser: adds `l2Wrap / T · max(logits)` to the gradient of each row's largest logit and
    ///     nothing to the loss. The official factor is 1e-4.
    ///   - tokenCount: T, which sum and gradient are divided by: the number of rows that count, unless these rows are a part of
    ///     those of a step.
    /// - Returns: The mean loss, summed in double precision in order of rows.
    public func crossEntropy(
        _ logits: Tensor, _ targets: [Int32], l2Wrap: Float = 0, tokenCount: Int? = nil
    ) -> Double {
        let losses = crossEntropies(logits, targets, l2Wrap: l2Wrap, tokenCount: tokenCount)
        return losses.reduce(0.0) { $0 + Double($1) } / Double(max(tokenCount ?? Self.counted(targets), 1))
    }

    /// −log softmax(logits)[target] of every row, in nats; as `crossEntropy` otherwise.
    public func crossEntropies(
        _ logits: Tensor, _ targets: [Int32], l2Wrap: Float = 0, tokenCount: Int? = nil
    ) -> [Float] {
        precondition(targets.count == logits.rows, "\(targets.count) targets for logits \(logits.shape)")
        precondition(
            targets.allSatisfy { $0 >= Self.ignoredTarget && $0 < logits.width },
            "every target is a token of the \(logits.width)")
        let (width, scale) = (logits.width, 1 / Float(max(tokenCount ?? Self.counted(targets), 1)))
        let recording = isRecording
        var losses = [Float](repeating: 0, count: targets.count)
        losses.withUnsafeMutableBufferPointer { losses in
            // Each row writes its own element, so the threads do not meet.
            nonisolated(unsafe) let losses = losses
            workspace.parallel(targets.count, cost: Double(width) * 1.5) { rows in
                for row in rows {
                    if targets[row] == Self.ignoredTarget {
                        if recording { logits.row(row).update(repeating: 0, count: width) }
                        continue
                    }
                    losses[row] = kernels.table.cross_entropy(
                        recording ? logits.row(row) : nil, logits.row(row), targets[row], width, scale, l2Wrap * scale)
                }
            }
        }
        if recording { logits.becomeOwnGradient() }
        return losses
    }

    /// The number of targets that count.
    public static func counted(_ targets: [Int32]) -> Int {
        targets.reduce(0) { $0 + ($1 == ignoredTarget ? 0 : 1) }
    }
}
