public import Tensors

/// What the values of a tensor are like: their range, mean and spread, and how many are no numbers to compute with.
///
///     mean = Σ x / n;  standard deviation = √(Σ (x − mean)² / n)
///
/// NaN and infinite values are counted and otherwise left out.
public struct TensorStatistics: Equatable, Sendable {
    /// The number of finite values.
    public private(set) var finiteCount = 0
    /// The number of values that are not a number.
    public private(set) var nanCount = 0
    /// The number of values that are plus or minus infinity.
    public private(set) var infinityCount = 0

    private var lowest = Double.infinity
    private var highest = -Double.infinity
    private var average = 0.0
    private var squares = 0.0  // Σ (x − average)²

    /// The smallest finite value; `nil` if there is none.
    public var minimum: Double? { finiteCount > 0 ? lowest : nil }
    /// The largest finite value; `nil` if there is none.
    public var maximum: Double? { finiteCount > 0 ? highest : nil }
    /// The mean of the finite values; `nil` if there is none.
    public var mean: Double? { finiteCount > 0 ? average : nil }
    /// The standard deviation of the finite values, divided by n and not n − 1; `nil` if there is none.
    public var standardDeviation: Double? {
        finiteCount > 0 ? (squares / Double(finiteCount)).squareRoot() : nil
    }

    /// The statistics of each of `tensors`, in their order.
    ///
    /// The numbers do not depend on the number of threads: pieces of a fixed size are measured and joined in order.
    /// - Complexity: O(bytes), read once; the memory is a few hundred kilobytes per thread, whatever the tensors' sizes.
    public static func measure(_ tensors: [StoredTensor], on pool: ThreadPool) -> [TensorStatistics] {
        let pieces = tensors.enumerated().flatMap { index, tensor in
            stride(from: 0, to: tensor.shape.count, by: pieceCount).map { (index: index, start: $0) }
        }
        var measured = [TensorStatistics](repeating: TensorStatistics(), count: pieces.count)
        measured.withUnsafeMutableBufferPointer { results in
            // Each chunk writes its own element.
            nonisolated(unsafe) let results = results
            pool.run(chunks: pieces.count) { chunk in
                let (index, start) = pieces[chunk]
                results[chunk] = tensors[index].piece(from: start, count: pieceCount).statistics()
            }
        }
        var joined = [TensorStatistics](repeating: TensorStatistics(), count: tensors.count)
        for (piece, part) in zip(pieces, measured) { joined[piece.index].join(part) }
        return joined
    }

    /// The elements of a piece: whole blocks of every block-quantised type, few enough to stay in a cache.
    static let pieceCount = 1 << 16

    fileprivate init() {}

    /// The statistics of `values`, which are read twice: a second time for the squares of what is left of the mean, as the
    /// difference of two large sums would lose them.
    fileprivate init<Value>(_ values: some RandomAccessCollection<Value>, _ double: (Value) -> Double) {
        var sum = 0.0
        for value in values {
            let x = double(value)
            if x.isFinite {
                lowest = min(lowest, x)
                highest = max(highest, x)
                sum += x
                finiteCount += 1
            } else if x.isNaN {
                nanCount += 1
            } else {
                infinityCount += 1
            }
        }
        guard finiteCount > 0 else { return }
        average = sum / Double(finiteCount)
        for value in values {
            let x = double(value)
            if x.isFinite { squares += (x - average) * (x - average) }
        }
    }

    /// Adds the values behind `other` (Chan, Golub and LeVeque 1979: the pairwise update of mean and squares).
    private mutating func join(_ other: TensorStatistics) {
        nanCount += other.nanCount
        infinityCount += other.infinityCount
        guard other.finiteCount > 0 else { return }
        let (n, m) = (Double(finiteCount), Double(other.finiteCount))
        let difference = other.average - average
        average += difference * (m / (n + m))
        squares += other.squares + difference * difference * (n * m / (n + m))
        finiteCount += other.finiteCount
        lowest = min(lowest, other.lowest)
        highest = max(highest, other.highest)
    }
}

extension StoredTensor {
    /// The `count` elements from `start` on, fewer at the end. `start` is at a whole block of the type.
    fileprivate func piece(from start: Int, count: Int) -> StoredTensor {
        // Not start · byteCount / count, which can overflow for a tensor of a few gigabytes.
        let (place, _) = shape.count.dividingFullWidth(start.multipliedFullWidth(by: byteCount))
        return StoredTensor(
            name: name, shape: [min(count, shape.count - start)], type: type, storage: location.storage,
            offset: location.offset + place)
    }

    fileprivate func statistics() -> TensorStatistics {
        switch type {
        case .f64: statistics(of: Double.self) { $0 }
        case .i64: statistics(of: Int64.self) { Double($0) }
        case .i32: statistics(of: Int32.self) { Double($0) }
        case .i16: statistics(of: Int16.self) { Double($0) }
        case .i8: statistics(of: Int8.self) { Double($0) }
        case .u8, .bool: statistics(of: UInt8.self) { Double($0) }
        default:
            withUnsafeTemporaryAllocation(of: Float.self, capacity: shape.count) { floats in
                floats.initialize(repeating: 0)
                copyFloats(to: floats)
                return TensorStatistics(floats) { Double($0) }
            }
        }
    }

    private func statistics<Value: BitwiseCopyable>(
        of _: Value.Type, _ double: (Value) -> Double
    ) -> TensorStatistics {
        withBytes { bytes in
            let width = MemoryLayout<Value>.size
            return TensorStatistics(0..<bytes.count / width) { (index: Int) in
                double(bytes.loadUnaligned(fromByteOffset: index * width, as: Value.self))
            }
        }
    }
}
