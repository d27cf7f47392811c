/// ln x for a normal number x > 0, within 1e-15 of max(1, |ln x|).
///
/// The C library's differs in the last bit between versions; these are IEEE sums and products in a fixed order.
///
///     x = m·2ᵉ, √½ ≤ m < √2;   ln m = 2·artanh s, s = (m − 1)/(m + 1)
package func naturalLogarithm(_ x: Double) -> Double {
    var exponent = Double(x.exponent)
    var m = x.significand
    if m > 1.4142135623730951 {
        m /= 2
        exponent += 1
    }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    for odd in stride(from: 21.0, through: 3.0, by: -2) { sum = (sum + 1 / odd) * square }
    return exponent * 0.6931471805599453 + 2 * s * (1 + sum)
}
