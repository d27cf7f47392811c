#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension Initializer {
    /// The first values of a parameter of `shape`, row-major.
    func values(_ shape: Shape, _ random: inout RandomNumbers) -> [Float] {
        switch self {
        case .constant(let value): return [Float](repeating: value, count: shape.count)
        case .uniform(let bound): return (0..<shape.count).map { _ in random.uniform(in: -bound...bound) }
        case .normal(let deviation): return (0..<shape.count).map { _ in Float(random.normal()) * deviation }
        case .orthogonal(let gain): return orthogonalMatrix(shape, gain, &random)
        case .values(let values):
            precondition(values.count == shape.count, "\(values.count) first values for a parameter of shape \(shape)")
            return values
        }
    }
}

/// A matrix whose smaller side is orthonormal, times `gain`: `torch.nn.init.orthogonal_` in distribution.
///
/// Modified Gram–Schmidt, twice over, on random normal vectors. Both the columns of Q and their order are then uniform
/// over all orthonormal frames (Haar), as Mezzadri (2007) shows for a QR whose R has a positive diagonal.
/// - Complexity: O(n²·m) for n vectors of length m, in double precision.
private func orthogonalMatrix(_ shape: Shape, _ gain: Float, _ random: inout RandomNumbers) -> [Float] {
    let rows = shape.extents[0]
    let columns = shape.extents[1]
    let count = min(rows, columns)
    let length = max(rows, columns)
    var vectors = [Double](repeating: 0, count: count * length)
    for i in vectors.indices { vectors[i] = random.normal() }
    vectors.withUnsafeMutableBufferPointer { v in
        for i in 0..<count {
            let a = i * length
            for _ in 0..<2 {
                for j in 0..<i {
                    let b = j * length
                    var dot = 0.0
                    for t in 0..<length { dot += v[a + t] * v[b + t] }
                    for t in 0..<length { v[a + t] -= dot * v[b + t] }
                }
            }
            var squares = 0.0
            for t in 0..<length { squares += v[a + t] * v[a + t] }
            let scale = 1 / squares.squareRoot()
            for t in 0..<length { v[a + t] *= scale }
        }
    }
    return (0..<rows * columns).map { element in
        let (row, column) = element.quotientAndRemainder(dividingBy: columns)
        let value = rows <= columns ? vectors[row * length + column] : vectors[column * length + row]
        return Float(value) * gain
    }
}

extension RandomNumbers {
    /// A number drawn from the standard normal distribution, by the polar method (Marsaglia, 1964).
    mutating func normal() -> Double {
        while true {
            let x = 2 * uniform() - 1
            let y = 2 * uniform() - 1
            let s = x * x + y * y
            if s > 0, s < 1 { return x * (-2 * log(s) / s).squareRoot() }
        }
    }
}
