/// Activations or gradients: dense row-major floats that go back to their pool when the last user is gone.
///
/// Most are `[rows, C]`. A tensor's values are written by the op that makes it and not changed afterwards; the one
/// exception is `gradient`, which the backward pass fills. Not `Sendable`: it lives within one stream of work.
public final class Tensor {
    public let shape: Shape
    let pointer: UnsafeMutablePointer<Float>
    /// The number of elements.
    public let count: Int
    /// The number of rows: the outermost extent.
    public let rows: Int
    /// The number of columns: all extents but the outermost.
    public let width: Int
    private let pool: BufferPool
    private let sizeClass: Int
    private var ownsBuffer = true

    /// dLoss/dThis, once a later op's backward has contributed to it. Managed by the tape.
    package var gradient: Tensor?

    /// A tensor of undefined values.
    public init(_ shape: Shape, in pool: BufferPool) {
        self.shape = shape
        self.pool = pool
        rows = shape.rows
        width = shape.width
        count = rows * width
        (pointer, sizeClass) = pool.take(count)
    }

    private init(takingOver other: Tensor) {
        shape = other.shape
        pool = other.pool
        pointer = other.pointer
        (count, rows, width, sizeClass) = (other.count, other.rows, other.width, other.sizeClass)
        other.ownsBuffer = false
    }

    deinit {
        if ownsBuffer { pool.give(pointer, sizeClass) }
    }

    /// Declares that the values have become the tensor's own gradient, computed in place.
    func becomeOwnGradient() { gradient = Tensor(takingOver: self) }

    /// The values for reading.
    public var values: TensorValues { TensorValues(self, 0..<count) }

    /// The values of one row for reading.
    public func values(ofRow index: Int) -> TensorValues { TensorValues(self, index * width..<(index + 1) * width) }

    /// The values for writing, by whoever made the tensor and before anyone else uses it. They are valid only as long as
    /// the caller holds the tensor.
    public var mutableValues: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }

    /// Gives `body` a row for reading or writing, by whoever made the tensor.
    package func withRow<Result>(_ index: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        body(row(index))
    }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * width }
}
