internal import CKernels

/// A matrix whose smaller side is orthonormal, times `gain`: `torch.nn.init.orthogonal_` in distribution.
///
/// Random normal vectors are made orthonormal by the method of Gram and Schmidt, twice over. Both the vectors of Q and their
/// order are then uniform over all orthonormal frames (Haar), as Mezzadri (2007) shows for a QR whose R has a positive diagonal.
/// - Complexity: O(n²·m) for n vectors of length m, nearly all of it in products of matrices.
func orthogonalMatrix(_ shape: Shape, _ gain: Float, _ random: inout RandomNumbers) -> [Float] {
    let (rows, columns) = (shape.extents[0], shape.extents[1])
    var frame = OrthonormalFrame(count: min(rows, columns), length: max(rows, columns), &random)
    frame.orthonormalize()
    return (0..<rows * columns).map { index in
        let (row, column) = index.quotientAndRemainder(dividingBy: columns)
        return gain * frame.values[rows >= columns ? index : column * rows + row]
    }
}

/// Vectors as the columns of a matrix.
///
/// A block of them at a time is freed of what it shares with those before, in products of matrices, and then its vectors of
/// what they share with each other, in double precision. Each is done twice: of a vector that nearly vanishes rounding leaves
/// too much the first time.
private struct OrthonormalFrame {
    private static let blockSize = 32

    private let count: Int
    private let length: Int
    /// `[length, count]`
    private(set) var values: [Float]

    init(count: Int, length: Int, _ random: inout RandomNumbers) {
        (self.count, self.length) = (count, length)
        values = [Float](repeating: 0, count: count * length)
        for vector in 0..<count {
            for element in 0..<length { values[element * count + vector] = Float(random.normal()) }
        }
    }

    mutating func orthonormalize() {
        for first in stride(from: 0, to: count, by: Self.blockSize) {
            let block = first..<min(first + Self.blockSize, count)
            for _ in 0..<2 {
                if first > 0 { removeEarlier(from: block) }
                orthonormalize(block)
            }
        }
    }

    /// B −= Q·Qᵀ·B, where B are the block’s vectors and Q those before it. These sums go in the same order at every level that
    /// has vectors, so that a seed gives the same weights on all of them.
    private mutating func removeEarlier(from block: Range<Int>) {
        let kernels = Kernels.best.table
        var shares = [Float](repeating: 0, count: block.lowerBound * block.count)
        values.withUnsafeMutableBufferPointer { values in
            guard let q = values.baseAddress else { return }
            let b = q + block.lowerBound
            kernels.matmul_add_f32(
                &shares, block.count, q, 1, count, b, count, block.lowerBound, block.count, length, 0)
            for index in shares.indices { shares[index].negate() }
            kernels.matmul_add_f32(
                b, count, q, count, 1, shares, block.count, length, block.count, block.lowerBound, 1)
        }
    }

    private mutating func orthonormalize(_ block: Range<Int>) {
        var vectors = block.map { vector in
            LongVector((0..<length).map { Double(values[$0 * count + vector]) })
        }
        for index in vectors.indices {
            for earlier in vectors[..<index] { vectors[index].add(earlier, times: -earlier.dot(vectors[index])) }
            vectors[index].scale(by: 1 / vectors[index].dot(vectors[index]).squareRoot())
        }
        for (vector, numbers) in zip(block, vectors) {
            for element in 0..<length { values[element * count + vector] = Float(numbers[element]) }
        }
    }
}

/// A vector in double precision, eight lanes at a time; the last ones are filled up with zeros.
private struct LongVector {
    private var lanes: [SIMD8<Double>]

    init(_ numbers: [Double]) {
        lanes = stride(from: 0, to: numbers.count, by: 8).map { start in
            var eight = SIMD8<Double>()
            for lane in 0..<min(8, numbers.count - start) { eight[lane] = numbers[start + lane] }
            return eight
        }
    }

    subscript(index: Int) -> Double { lanes[index / 8][index % 8] }

    func dot(_ other: LongVector) -> Double {
        var sums = SIMD8<Double>()
        for index in lanes.indices { sums += lanes[index] * other.lanes[index] }
        return sums.sum()
    }

    mutating func add(_ other: LongVector, times factor: Double) {
        for index in lanes.indices { lanes[index] += factor * other.lanes[index] }
    }

    mutating func scale(by factor: Double) {
        for index in lanes.indices { lanes[index] *= factor }
    }
}
