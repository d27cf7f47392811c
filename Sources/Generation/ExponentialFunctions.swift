// The system's `exp` and `log` differ in the last bit between C libraries and versions, and one bit can change a token.
// These use IEEE sums and products only, in a fixed order, and so give the same bits everywhere.

/// e^x for x ≤ 0, within 2 units in the last place; 0 where the result would be below about 3e-308.
package func exponential(_ x: Double) -> Double { exponentials(SIMD8(repeating: x))[0] }

/// Σ e^((x − shift)·factor) over all x, none of them greater than the shift: eight interleaved sums, then their sum.
///
/// Eight at a time keep the processor's multipliers busy, which one long chain of products per element would not.
/// - Parameters:
///   - factor: Above 0.
///   - terms: Memory for the terms, as many as values, for callers that want them as well.
package func sumOfExponentials(
    _ values: [Float], minus shift: Float, times factor: Double = 1, terms: UnsafeMutableBufferPointer<Double>? = nil
) -> Double {
    precondition(terms == nil || terms?.count == values.count, "there is a place for each term")
    let shift = Double(shift)
    var sums = SIMD8<Double>.zero
    var i = 0
    while i + 8 <= values.count {
        let eight = SIMD8(
            values[i], values[i + 1], values[i + 2], values[i + 3],
            values[i + 4], values[i + 5], values[i + 6], values[i + 7])
        let exponentials = exponentials((SIMD8<Double>(eight) - shift) * factor)
        sums += exponentials
        if let terms { for k in 0..<8 { terms[i + k] = exponentials[k] } }
        i += 8
    }
    let pairs = sums.lowHalf + sums.highHalf
    var total = (pairs.x + pairs.z) + (pairs.y + pairs.w)
    while i < values.count {
        let term = exponential((Double(values[i]) - shift) * factor)
        total += term
        if let terms { terms[i] = term }
        i += 1
    }
    return total
}

/// e^x for x ≤ 0, eight at a time; 0 where x ≤ −708.
///
///     x = n·ln 2 + r, |r| ≤ ln 2 / 2;   e^x = 2ⁿ · Σ rᵏ/k!, k ≤ 13
@inline(__always)
func exponentials(_ arguments: SIMD8<Double>) -> SIMD8<Double> {
    let isTiny = arguments .<= -708
    let x = arguments.replacing(with: -708, where: isTiny)
    // Adding 1.5·2⁵² rounds to a whole number, which then stands in the lowest bits, without a call into the C library.
    let rounded = x * 1.4426950408889634 + 0x1.8p52
    let n = rounded - 0x1.8p52
    // ln 2 in two parts, the first with so few bits that n times it is exact.
    let r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33
    var sum = SIMD8(repeating: 1 / 6_227_020_800.0)
    sum = sum * r + 1 / 479_001_600.0
    sum = sum * r + 1 / 39_916_800.0
    sum = sum * r + 1 / 3_628_800.0
    sum = sum * r + 1 / 362_880.0
    sum = sum * r + 1 / 40_320.0
    sum = sum * r + 1 / 5_040.0
    sum = sum * r + 1 / 720.0
    sum = sum * r + 1 / 120.0
    sum = sum * r + 1 / 24.0
    sum = sum * r + 1 / 6.0
    sum = sum * r + 0.5
    sum = sum * r + 1
    sum = sum * r + 1
    let exponents = unsafeBitCast(rounded, to: SIMD8<UInt64>.self) &<< 52
    let powers = unsafeBitCast(exponents &+ SIMD8(repeating: 1.0.bitPattern), to: SIMD8<Double>.self)
    return (sum * powers).replacing(with: 0, where: isTiny)
}

/// ln x for a normal number x > 0, within 1e-15 of max(1, |ln x|).
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
