internal import CKernels

extension Tape {
    /// e to the power of each element.
    public func exp(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 1) { k, y, x, n in
            k.table.exp(y, x, n)
        } backward: { k, dx, dy, _, y, n in
            k.table.multiply(dx, dy, y, n)
        }
    }

    /// The decay factor of RWKV-5 and 6, between 0 and 1: `e^(−e^x)`.
    public func decay(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 2) { k, y, x, n in
            k.table.decay(y, x, n)
        } backward: { k, dx, dy, x, y, n in
            k.table.decay_backward(dx, dy, x, y, n)
        }
    }

    /// The decay factor of RWKV-7, between e^(−1/√e) = 0.5453 and 1: `e^(−σ(x)/√e)`.
    ///
    /// Equal to e^(−e^(−softplus(−x) − 1/2)); Peng et al. 2025 (arXiv:2503.14456), section 4.
    public func boundedDecay(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 2) { k, y, x, n in
            k.table.bounded_decay(y, x, n)
        } backward: { k, dx, dy, x, y, n in
            k.table.bounded_decay_backward(dx, dy, x, y, n)
        }
    }
}
