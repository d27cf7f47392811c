internal import CKernels

/// dLoss/dParameter for every parameter of a model; owned by whoever trains it.
public final class Gradients {
    private let tensors: [Tensor]

    /// Zero gradients for `parameters`, which are all of a model's, in order.
    public init(_ parameters: [Parameter], in pool: BufferPool) {
        tensors = parameters.map { Tensor($0.shape, in: pool) }
        reset()
    }

    /// Sets every gradient to zero.
    public func reset() {
        for tensor in tensors { tensor.mutableValues.update(repeating: 0) }
    }

    /// The gradient of `parameter`.
    public subscript(parameter: Parameter) -> Tensor { tensors[parameter.index] }

    /// ‖all gradients‖₂, summed in a fixed order.
    public func norm(on workspace: Workspace) -> Double {
        var sum = 0.0
        for tensor in tensors { sum += tensor.values.withValues(workspace.sumOfSquares) }
        return sum.squareRoot()
    }
}

extension Workspace {
    /// Σ x², the same bits for any number of threads: blocks of a fixed size, added in order.
    public func sumOfSquares(_ values: UnsafeBufferPointer<Float>) -> Double {
        guard let base = values.baseAddress else { return 0 }
        let block = 1 << 16
        let blocks = (values.count + block - 1) / block
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(blocks, 1)) { partial in
            threads.run(chunks: blocks) { i in
                partial[i] = kernels.table.sum_of_squares(base + i * block, min(block, values.count - i * block))
            }
            return partial[..<blocks].reduce(0, +)
        }
    }
}
