internal import CKernels

extension Tape {
    /// e to the power of each element.
    public func exp(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 1) { range in
            let i = range.lowerBound
            kernels.table.exp(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 0.3) { range in
                let i = range.lowerBound
                tape.kernels.table.multiply(dx.pointer + i, dy.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// The decay factor of RWKV-5 and 6, between 0 and 1: `e^(−e^x)`.
    public func decay(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 2) { range in
            let i = range.lowerBound
            kernels.table.decay(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 2) { range in
                let i = range.lowerBound
                tape.kernels.table.decay_backward(
                    dx.pointer + i, dy.pointer + i, x.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// The decay factor of RWKV-7, between e^(−1/√e) = 0.5453 and 1: `e^(−σ(x)/√e)`.
    ///
    /// Equal to e^(−e^(−softplus(−x) − 1/2)); Peng et al. 2025 (arXiv:2503.14456), section 4.
    public func boundedDecay(_ x: Tensor) -> Tensor {
        let y = make(x.shape)
        workspace.parallel(x.count, cost: 2) { range in
            let i = range.lowerBound
            kernels.table.bounded_decay(y.pointer + i, x.pointer + i, range.count)
        }
        record({ tape, _ in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.count, cost: 2) { range in
                let i = range.lowerBound
                tape.kernels.table.bounded_decay_backward(
                    dx.pointer + i, dy.pointer + i, x.pointer + i, y.pointer + i, range.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
