/// Activations or gradients: dense row-major floats that go back to their pool when the last user is gone.
///
/// Most are `[rows, C]`. A tensor's values are written by the op that makes it and not changed afterwards; the one
/// exception is `gradient`, which the backward pass fills. Not `Sendable`: it lives within one stream of work.
public final class Tensor {
    public let shape: Shape
    let pointer: UnsafeMutablePointer<Float>
    private let pool: BufferPool
    private var ownsBuffer = true

    /// dLoss/dThis, once a later op's backward has contributed to it. Managed by the tape.
    package var gradient: Tensor?

    /// A tensor of undefined values.
    public init(_ shape: Shape, in pool: BufferPool) {
        self.shape = shape
        self.pool = pool
        pointer = pool.take(shape.count)
    }

    private init(takingOver other: Tensor) {
        shape = other.shape
        pool = other.pool
        pointer = other.pointer
        other.ownsBuffer = false
    }

    deinit {
        if ownsBuffer { pool.give(pointer, shape.count) }
    }

    /// Declares that the values have become the tensor's own gradient, computed in place.
    func becomeOwnGradient() { gradient = Tensor(takingOver: self) }

    /// The number of elements.
    public var count: Int { shape.count }

    /// The number of rows: the outermost extent.
    public var rows: Int { shape.extents[0] }

    /// The number of columns: all extents but the outermost.
    public var width: Int { shape.extents.dropFirst().reduce(1, *) }

    /// The values for reading.
    public var values: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: pointer, count: count) }

    /// The values for writing, by whoever made the tensor and before anyone else uses it.
    public var mutableValues: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }

    func row(_ index: Int) -> UnsafeMutablePointer<Float> { pointer + index * width }
}
