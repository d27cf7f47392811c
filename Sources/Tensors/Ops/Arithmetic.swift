internal import CKernels

extension Tape {
    /// The sum `a + b` of two tensors of one shape: the residual connection.
    public func add(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "cannot add \(a.shape) and \(b.shape)")
        let y = make(a.shape)
        workspace.parallel(a.count, cost: 0.3) { range in
            let i = range.lowerBound
            kernels.table.add(y.pointer + i, a.pointer + i, b.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            tape.contribute(dy, to: a)
            tape.contribute(dy, to: b)
        })
        return y
    }
}
