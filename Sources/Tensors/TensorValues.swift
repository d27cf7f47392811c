/// The values of a tensor, or of one of its rows, for reading; they keep the tensor's memory from being used again.
public struct TensorValues: RandomAccessCollection {
    private let tensor: Tensor
    private let values: UnsafeBufferPointer<Float>

    init(_ tensor: Tensor, _ range: Range<Int>) {
        precondition(range.upperBound <= tensor.count, "\(range) of \(tensor.shape)")
        self.tensor = tensor
        values = UnsafeBufferPointer(start: tensor.pointer + range.lowerBound, count: range.count)
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { values.count }

    public subscript(position: Int) -> Float {
        precondition(values.indices.contains(position), "there is no value \(position) of \(values.count)")
        return withExtendedLifetime(tensor) { values[position] }
    }

    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Float>) throws -> Result
    ) rethrows -> Result? {
        try withExtendedLifetime(tensor) { try body(values) }
    }

    /// Calls `body` with the values in memory.
    public func withValues<Result>(_ body: (UnsafeBufferPointer<Float>) throws -> Result) rethrows -> Result {
        try withExtendedLifetime(tensor) { try body(values) }
    }
}
