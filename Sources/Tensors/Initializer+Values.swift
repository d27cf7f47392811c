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
