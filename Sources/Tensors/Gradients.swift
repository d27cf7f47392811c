internal import CKernels

/// dLoss/dParameter for the parameters of a model that learn; owned by whoever trains it.
public final class Gradients {
    private let parameters: [Parameter]
    private let tensors: [Tensor?]

    /// Zero gradients for `parameters`, which are all of a model's, in order.
    ///
    /// Those that are frozen have none, but vectors: what theirs cost is too little to leave out, and nobody looks at it.
    public init(_ parameters: [Parameter], in pool: BufferPool) {
        self.parameters = parameters
        tensors = parameters.map { $0.isTrained || $0.role == .vector ? Tensor($0.shape, in: pool) : nil }
        reset()
    }

    /// Sets every gradient to zero.
    public func reset() {
        for tensor in tensors { tensor?.mutableValues.update(repeating: 0) }
    }

    /// The gradient of a vector, or of another `parameter` that is known to learn.
    public subscript(parameter: Parameter) -> Tensor {
        guard let tensor = tensors[parameter.index] else { preconditionFailure("“\(parameter.name)” does not learn") }
        return tensor
    }

    /// The gradient of `parameter`, `nil` if it is frozen.
    public func wanted(_ parameter: Parameter) -> Tensor? { tensors[parameter.index] }

    /// ‖all gradients‖₂, summed in a fixed order.
    public func norm(on workspace: Workspace) -> Double {
        var sum = 0.0
        for (parameter, tensor) in zip(parameters, tensors) {
            guard parameter.isTrained, let tensor else { continue }
            sum += tensor.values.withValues(workspace.sumOfSquares)
        }
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
