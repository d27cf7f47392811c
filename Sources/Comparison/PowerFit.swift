#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A power law through measured points, fitted by least squares in logarithms.
///
///     log y = log factor + exponent · log x
public struct PowerFit: Codable, Sendable, Equatable {
    public var exponent: Double
    /// The standard error of the exponent, from how far the points lie from the line: √(Σ r² / (n − 2) / Σ (log x − mean)²).
    public var error: Double
    public var factor: Double
    /// How many points went into it.
    public var count: Int

    /// `nil` for fewer than three points above 0 with different x.
    public init?(_ points: [(x: Double, y: Double)]) {
        let logs = points.filter { $0.x > 0 && $0.y > 0 && $0.x.isFinite && $0.y.isFinite }.map {
            (log($0.x), log($0.y))
        }
        guard logs.count >= 3 else { return nil }
        let n = Double(logs.count)
        let meanX = logs.reduce(0) { $0 + $1.0 } / n
        let meanY = logs.reduce(0) { $0 + $1.1 } / n
        let spread = logs.reduce(0) { $0 + ($1.0 - meanX) * ($1.0 - meanX) }
        guard spread > 0 else { return nil }
        exponent = logs.reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) } / spread
        factor = exp(meanY - exponent * meanX)
        let slope = exponent
        let residuals = logs.reduce(0) { sum, point in
            let r = point.1 - meanY - slope * (point.0 - meanX)
            return sum + r * r
        }
        error = (residuals / (n - 2) / spread).squareRoot()
        count = logs.count
    }
}
