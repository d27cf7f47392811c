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

    /// The hyperbolic tangent of each element.
    public func tanh(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.tanh(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 1) { range in
                let i = range.lowerBound
                tape.kernels.table.tanh_backward(dx.pointer + i, dy.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// The logistic function of each element: `σ(x) = 1 / (1 + e^−x)`.
    public func sigmoid(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.sigmoid(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 1) { range in
                let i = range.lowerBound
                tape.kernels.table.sigmoid_backward(dx.pointer + i, dy.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// The output gate of RWKV-5 and 6: `silu(g) ⊙ x`, with silu(g) = g·σ(g).
    public func siluGate(_ g: Tensor, _ x: Tensor) -> Tensor {
        precondition(g.shape == x.shape, "the gate is \(g.shape), what it gates is \(x.shape)")
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.silu_gate(y.pointer + i, g.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dg = tape.make(g.shape)
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 1.5) { range in
                let i = range.lowerBound
                tape.kernels.table.silu_gate_backward(
                    dg.pointer + i, dx.pointer + i, dy.pointer + i, g.pointer + i, x.pointer + i, range.count)
            }
            tape.contribute(dg, to: g)
            tape.contribute(dx, to: x)
        })
        return y
    }
}
