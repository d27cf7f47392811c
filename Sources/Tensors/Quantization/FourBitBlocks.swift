/// Blocks of 32 integers of four bits around zero.
///
///     value[i] = d · (q[i] − 8)          d = the value farthest from zero / −8
///
/// Bytes: d, then 16 bytes with q[i] in the lower and q[i + 16] in the upper half.
enum Q4_0: BlockEncoder {
    static let type = DataType.q4_0

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        for i in 0..<16 {
            let pair = byte(block, 2 + i)
            values[i] = Float((pair & 15) - 8) * d
            values[i + 16] = Float((pair >> 4) - 8) * d
        }
    }

    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer) {
        let d = farthestFromZero(values, 32) / -8
        let factor = inverse(d)
        store(d, block, 0)
        FourBits.encode(block + 2) { i in truncated(values[i] * factor + 8.5, 0...15) }
    }
}

/// Blocks of 32 integers of four bits above a minimum.
///
///     value[i] = d · q[i] + m            m = the minimum, d = (maximum − m) / 15
///
/// Bytes: d, m, then q as in `Q4_0`.
enum Q4_1: BlockEncoder {
    static let type = DataType.q4_1

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let (d, m) = (half(block, 0), half(block, 2))
        for i in 0..<16 {
            let pair = byte(block, 4 + i)
            values[i] = Float(pair & 15) * d + m
            values[i + 16] = Float(pair >> 4) * d + m
        }
    }

    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer) {
        let (m, maximum) = extremes(values, 32)
        let d = (maximum - m) / 15
        let factor = inverse(d)
        store(d, block, 0)
        store(m, block, 2)
        FourBits.encode(block + 4) { i in truncated((values[i] - m) * factor + 0.5, 0...15) }
    }
}

/// 32 integers of four bits in 16 bytes.
enum FourBits {
    @inline(__always)
    static func encode(_ bytes: UnsafeMutableRawPointer, _ give: (_ i: Int) -> UInt8) {
        for i in 0..<16 { bytes.storeBytes(of: give(i) | give(i + 16) << 4, toByteOffset: i, as: UInt8.self) }
    }
}
