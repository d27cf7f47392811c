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

    /// The sum `a + s · b` of two tensors of one shape, one of them scaled.
    public func add(_ a: Tensor, _ b: Tensor, times s: Float) -> Tensor {
        precondition(a.shape == b.shape, "cannot add \(a.shape) and \(b.shape)")
        let y = make(a.shape)
        workspace.parallel(a.count, cost: 0.4) { range in
            let (y, a, b) = (y.pointer, a.pointer, b.pointer)
            for i in range { y[i] = a[i] + s * b[i] }
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let db = tape.make(b.shape)
            tape.workspace.parallel(b.count, cost: 0.3) { range in
                let (db, dy) = (db.pointer, dy.pointer)
                for i in range { db[i] = s * dy[i] }
            }
            tape.contribute(dy, to: a)
            tape.contribute(db, to: b)
        })
        return y
    }

    /// The element-wise product `a ⊙ b` of two tensors of one shape.
    public func multiply(_ a: Tensor, _ b: Tensor) -> Tensor {
        elementwise(a, b, cost: 0.3) { k, y, a, b, n in
            k.table.multiply(y, a, b, n)
        } backward: { k, da, db, dy, a, b, n in
            k.table.multiply(da, dy, b, n)
            k.table.multiply(db, dy, a, n)
        }
    }

    /// Between two tensors, element by element: `a + (b − a) ⊙ s`.
    public func blend(_ a: Tensor, _ b: Tensor, by s: Tensor) -> Tensor {
        precondition(a.shape == b.shape && a.shape == s.shape, "cannot blend \(a.shape) and \(b.shape) by \(s.shape)")
        let y = make(a.shape)
        workspace.parallel(a.count, cost: 0.4) { range in
            let i = range.lowerBound
            kernels.table.blend(y.pointer + i, a.pointer + i, b.pointer + i, s.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let (da, db, ds) = (tape.make(a.shape), tape.make(b.shape), tape.make(s.shape))
            tape.workspace.parallel(a.count, cost: 0.8) { range in
                let i = range.lowerBound
                tape.kernels.table.blend_backward(
                    da.pointer + i, db.pointer + i, ds.pointer + i, dy.pointer + i, a.pointer + i, b.pointer + i,
                    s.pointer + i, range.count)
            }
            tape.contribute(da, to: a)
            tape.contribute(db, to: b)
            tape.contribute(ds, to: s)
        })
        return y
    }
}
