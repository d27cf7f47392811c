/// Blocks of 32 integers of eight bits.
///
///     value[i] = d · q[i]                d = the greatest magnitude / 127
///
/// Bytes: d, then q[i] with sign.
enum Q8_0: BlockEncoder {
    static let type = DataType.q8_0

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        for i in 0..<32 { values[i] = Float(block.load(fromByteOffset: 2 + i, as: Int8.self)) * d }
    }

    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer) {
        let d = abs(farthestFromZero(values, 32)) / 127
        let factor = inverse(d)
        store(d, block, 0)
        for i in 0..<32 {
            let scaled = (values[i] * factor).rounded(.toNearestOrAwayFromZero)
            let q = scaled.isNaN ? 0 : Int8(max(-128, min(127, scaled)))
            block.storeBytes(of: q, toByteOffset: 2 + i, as: Int8.self)
        }
    }
}
