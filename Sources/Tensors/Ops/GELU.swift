internal import CKernels

extension Tape {
    /// GPT-2's non-linearity: `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
    ///
    /// Hendrycks and Gimpel 2016 (arXiv:1606.08415); PyTorch's `gelu` with `approximate="tanh"`.
    public func gelu(_ x: Tensor) -> Tensor {
        elementwise(x, cost: 1) { k, y, x, n in
            k.table.gelu(y, x, n)
        } backward: { k, dx, dy, x, _, n in
            k.table.gelu_backward(dx, dy, x, n)
        }
    }
}
