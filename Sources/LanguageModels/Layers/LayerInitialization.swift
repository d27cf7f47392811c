#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The numbers that the official first values of a layer's vectors are made from.
///
/// The channels are spread from quickly to slowly forgetting ones, the more so the deeper the layer.
struct LayerInitialization {
    /// C.
    let width: Int
    /// l / (L − 1): from 0 in the first layer to 1 in the last.
    let depth: Double
    /// 1 − l / L: from 1 in the first layer to nearly 0 in the last.
    let rest: Double
    private let layer: Int
    private let layerCount: Int
    private let headSize: Int

    init(layer: Int, _ c: ModelConfiguration) {
        width = c.width
        headSize = c.headSize
        self.layer = layer
        layerCount = c.layerCount
        depth = c.layerCount > 1 ? Double(layer) / Double(c.layerCount - 1) : 0
        rest = 1 - Double(layer) / Double(c.layerCount)
    }

    /// (n / C)^(rest · power) + plus · depth: how much of the present row RWKV-4 and 5 take.
    func mix(power: Double = 1, plus: Double = 0) -> [Float] {
        channels { n in pow(n / Double(width), rest * power) + plus * depth }
    }

    /// 1 − that: how much of the row before RWKV-6 and 7 take.
    func previousMix(power: Double = 1, plus: Double = 0) -> [Float] {
        channels { n in 1 - (pow(n / Double(width), rest * power) + plus * depth) }
    }

    /// first + range · (n / (C−1))^(0.7 + 1.3·depth): the decays of RWKV-4 to 6.
    func decay(first: Double, range: Double) -> [Float] {
        channels { n in first + range * pow(ratio(n), 0.7 + 1.3 * depth) }
    }

    /// The weight of the group norm: ((1 + l) / L)^0.7.
    var groupNormWeight: Float { Float(pow(Double(1 + layer) / Double(layerCount), 0.7)) }

    /// n / (C − 1)
    func ratio(_ n: Double) -> Double { n / Double(max(width - 1, 1)) }

    /// −1, 0 and 1 in turn, beginning with 0.
    func inTurn(_ n: Double) -> Double { (n + 1).truncatingRemainder(dividingBy: 3) - 1 }

    /// Within each head, from −1 to 1.
    func withinHead(_ n: Double) -> Double {
        let middle = Double(max(headSize - 1, 1)) / 2
        return (n.truncatingRemainder(dividingBy: Double(headSize)) - middle) / middle
    }

    /// A value for each channel n.
    func channels(_ value: (Double) -> Double) -> [Float] { (0..<width).map { Float(value(Double($0))) } }

    /// A value for each head, by where it stands among them, from 0 to 1.
    func heads(_ value: (Double) -> Double) -> [Float] {
        let count = width / headSize
        return (0..<count).map { Float(value(Double($0) / Double(max(count - 1, 1)))) }
    }
}

extension LayerInitialization {
    /// −6 + 5·(h / (H−1))^(0.7 + 1.3·depth): the decays of RWKV-5.0 and 5.1, one per head.
    func headDecay() -> [Float] { heads { h in -6 + 5 * pow(h, 0.7 + 1.3 * depth) } }

    /// depth · (1 − n / (C−1)) and −0.1, 0 or 0.1 in turn: the bonuses of RWKV-5.2 and 6.
    func bonus() -> [Float] { channels { n in depth * (1 - ratio(n)) + 0.1 * inTurn(n) } }
}
