/// Repeatable random numbers: the same seed gives the same sequence on every machine.
///
/// xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64. Its four words are the whole state, so a training
/// run that saves them goes on exactly where it was.
public struct RandomNumbers: RandomNumberGenerator, Sendable, Equatable, Codable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    /// - Parameters:
    ///   - seed: Any number.
    ///   - stream: Generators of one seed and different streams are independent: one per purpose, or one per step.
    public init(seed: UInt64, stream: UInt64 = 0) {
        var mixer = SplitMix64(state: seed)
        mixer.state = mixer.next() ^ stream &* 0xD134_2543_DE82_EF95
        s0 = mixer.next()
        s1 = mixer.next()
        s2 = mixer.next()
        s3 = mixer.next()
    }

    public mutating func next() -> UInt64 {
        let result = (s1 &* 5).rotatedLeft(7) &* 9
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = s3.rotatedLeft(45)
        return result
    }

    /// A number drawn uniformly from 0 (included) to 1 (excluded), a multiple of 2⁻⁵³.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number drawn uniformly from `range`.
    public mutating func uniform(in range: ClosedRange<Float>) -> Float {
        range.lowerBound + Float(uniform()) * (range.upperBound - range.lowerBound)
    }

    /// A whole number drawn uniformly from `0..<bound`, without bias (Lemire, 2019).
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "the bound is positive")
        let bound = UInt64(bound)
        var product = next().multipliedFullWidth(by: bound)
        let threshold = (0 &- bound) % bound
        while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        return Int(product.high)
    }
}

private struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

extension UInt64 {
    fileprivate func rotatedLeft(_ count: UInt64) -> UInt64 { self << count | self >> (64 - count) }
}
