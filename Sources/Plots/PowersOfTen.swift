#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#elseif canImport(Glibc)
    import Glibc
#endif

/// The power to which 10 must be raised to give `x` > 0.
func decimalLogarithm(_ x: Double) -> Double { log10(x) }

/// 10ⁿ, exact for 0 ≤ n ≤ 22.
func powerOfTen(_ n: Int) -> Double { pow(10, Double(n)) }

/// 10^x for any x.
func powerOfTen(_ x: Double) -> Double { pow(10, x) }

/// The greatest n with 10ⁿ ≤ `x`, for x > 0; a number within rounding of a power of ten counts as that power.
func decimalExponent(_ x: Double) -> Int { Int((log10(x) + 1e-9).rounded(.down)) }
