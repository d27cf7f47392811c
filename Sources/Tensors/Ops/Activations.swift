internal import CKernels

extension Tape {
    /// The receptance's gate: `σ(r) ⊙ x`.
    public func sigmoidGate(_ r: Tensor, _ x: Tensor) -> Tensor {
        elementwise(r, x, cost: 1) { k, y, r, x, n in
            k.table.sigmoid_gate(y, r, x, n)
        } backward: { k, dr, dx, dy, r, x, n in
            k.table.sigmoid_gate_backward(dr, dx, dy, r, x, n)
        }
    }

    /// The output gate of RWKV-5 and 6: `silu(g) ⊙ x`, with silu(g) = g·σ(g).
    public func siluGate(_ g: Tensor, _ x: Tensor) -> Tensor {
        elementwise(g, x, cost: 1) { k, y, g, x, n in
            k.table.silu_gate(y, g, x, n)
        } backward: { k, dg, dx, dy, g, x, n in
            k.table.silu_gate_backward(dg, dx, dy, g, x, n)
        }
    }

    /// The channel mix's non-linearity: `max(x, 0)²`.
    public func squaredReLU(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 0.3) { k, y, x, n in
            k.table.squared_relu(y, x, n)
        } backward: { k, dx, dy, x, _, n in
            k.table.squared_relu_backward(dx, dy, x, n)
        }
    }

    /// The hyperbolic tangent of each element.
    public func tanh(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 1) { k, y, x, n in
            k.table.tanh(y, x, n)
        } backward: { k, dx, dy, _, y, n in
            k.table.tanh_backward(dx, dy, y, n)
        }
    }

    /// The logistic function of each element: `σ(x) = 1 / (1 + e^−x)`.
    public func sigmoid(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 1) { k, y, x, n in
            k.table.sigmoid(y, x, n)
        } backward: { k, dx, dy, _, y, n in
            k.table.sigmoid_backward(dx, dy, y, n)
        }
    }
}
