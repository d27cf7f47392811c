internal import CKernels

extension Tape {
    /// The receptance's gate: `σ(r) ⊙ x`.
    public func sigmoidGate(_ r: Tensor, _ x: Tensor) -> Tensor {
        precondition(r.shape == x.shape, "the gate is \(r.shape), what it gates is \(x.shape)")
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.sigmoid_gate(y.pointer + i, r.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dr = tape.make(r.shape)
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 1.5) { range in
                let i = range.lowerBound
                tape.kernels.table.sigmoid_gate_backward(
                    dr.pointer + i, dx.pointer + i, dy.pointer + i, r.pointer + i, x.pointer + i, range.count)
            }
            tape.contribute(dr, to: r)
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// The channel mix's non-linearity: `max(x, 0)²`.
    public func squaredReLU(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 0.3) { range in
            let i = range.lowerBound
            kernels.table.squared_relu(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 0.3) { range in
                let i = range.lowerBound
                tape.kernels.table.squared_relu_backward(
                    dx.pointer + i, dy.pointer + i, x.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
