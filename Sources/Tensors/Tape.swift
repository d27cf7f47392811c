internal import CKernels

/// Runs ops and, if it was given gradients, records how to undo them.
///
/// An op is a method on the tape: it computes its output at once and, when recording, leaves behind a closure that turns
/// the output's gradient into those of its inputs. `backward` calls the closures from last to first. A closure is given
/// the tape as an argument and must never capture it: that cycle would keep every step's memory for ever.
public final class Tape {
    public let workspace: Workspace
    let gradients: Gradients?
    /// The training step's dropout, if any.
    public var dropout: DropoutSource?
    /// Whether the sequences begin with the model's first state, so that their gradients reach it if it learns.
    public var beginsWithFirstState = true
    /// Whether models keep only the blocks' inputs for the backward pass; see `recomputing`.
    public var recomputesBlocks = false
    /// Whether products are of `bf16` numbers, and the weights as such.
    public var narrowWeights: NarrowWeights?
    let onLinear: ((_ weight: Parameter, _ input: Tensor) -> Void)?
    private var steps: [(Tape, Gradients) -> Void] = []

    /// - Parameters:
    ///   - gradients: Where parameter gradients are added; without it nothing is recorded.
    ///   - onLinear: Is shown the weight and the input `[T, K]` of every `linear`, for statistics of inputs.
    public init(
        on workspace: Workspace, gradients: Gradients? = nil,
        onLinear: ((_ weight: Parameter, _ input: Tensor) -> Void)? = nil
    ) {
        self.onLinear = onLinear
        self.workspace = workspace
        self.gradients = gradients
    }

    /// Whether ops keep what their backward needs.
    public var isRecording: Bool { gradients != nil }

    var kernels: Kernels { workspace.kernels }
    var buffers: BufferPool { workspace.buffers }

    /// A tensor of undefined values, for an op's output.
    func make(_ shape: Shape) -> Tensor { Tensor(shape, in: buffers) }

    /// A tensor `[rows, width]` of undefined values.
    func make(_ rows: Int, _ width: Int) -> Tensor { make(Shape(rows: rows, columns: width)) }

    /// Keeps `step` for `backward`, if recording.
    func record(_ step: @autoclosure () -> (Tape, Gradients) -> Void) {
        if isRecording { steps.append(step()) }
    }

    /// Adds `gradient` to that of `tensor`; the first contribution is taken over without a copy.
    func contribute(_ gradient: Tensor, to tensor: Tensor) {
        guard let sum = tensor.gradient else {
            tensor.gradient = gradient
            return
        }
        // Two tensors may have taken over the same gradient, so a sum is always a new tensor.
        let total = make(sum.shape)
        workspace.parallel(sum.count, cost: 0.3) { range in
            let i = range.lowerBound
            kernels.table.add(total.pointer + i, sum.pointer + i, gradient.pointer + i, range.count)
        }
        tensor.gradient = total
    }

    /// Runs everything recorded backwards, from last to first, and forgets it.
    ///
    /// The last op is the loss, which knows its own gradient.
    public func backward() {
        guard let gradients else { return }
        while let step = steps.popLast() { step(self, gradients) }
    }
}
