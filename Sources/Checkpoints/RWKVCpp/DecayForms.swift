#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The forms in which rwkv.cpp keeps decays and bonuses, and the way back.
///
/// The way back is as exact as the stored number allows. Where the stored number is the limit that no finite number gives,
/// it goes to one that gives it in `f32`.
enum DecayForms {
    /// −exp(w), as RWKV-4 stores w.
    static func negatedExponential(_ w: Float) -> Float { Float(-exp(Double(w))) }

    /// w of −exp(w).
    static func fromNegatedExponential(_ x: Float, name: String) throws(CheckpointError) -> Float {
        guard x <= 0 else { throw .invalidWeight(name: name, value: x, needed: "a decay below 0") }
        return logarithm(-x)
    }

    /// exp(−exp(w)), as RWKV-5 stores w.
    static func decay(_ w: Float) -> Float { Float(exp(-exp(Double(w)))) }

    /// w of exp(−exp(w)).
    static func fromDecay(_ d: Float, name: String) throws(CheckpointError) -> Float {
        guard d >= 0, d <= 1 else { throw .invalidWeight(name: name, value: d, needed: "a decay from 0 to 1") }
        // exp(−exp(5)) is 0 and exp(−exp(−20)) is 1 in single precision.
        return d == 0 ? 5 : d == 1 ? -20 : Float(log(-log(Double(d))))
    }

    /// exp(u), as RWKV-5.0 stores u.
    static func exponential(_ u: Float) -> Float { Float(exp(Double(u))) }

    /// u of exp(u).
    static func fromExponential(_ x: Float, name: String) throws(CheckpointError) -> Float {
        guard x >= 0 else { throw .invalidWeight(name: name, value: x, needed: "a bonus above 0") }
        return logarithm(x)
    }

    /// The logarithm; −104 for 0, of which the exponential is 0 in single precision.
    private static func logarithm(_ x: Float) -> Float { x == 0 ? -104 : Float(log(Double(x))) }
}
