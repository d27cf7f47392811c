/// Blocks of 32 integers of five bits around zero.
///
///     value[i] = d · (q[i] − 16)         d = the value farthest from zero / −16
///
/// Bytes: d, a word with bit 4 of q[i] at bit i, then 16 bytes with the other bits, q[i] in the lower and q[i + 16] in
/// the upper half.
enum Q5_0: BlockEncoder {
    static let type = DataType.q5_0

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let d = half(block, 0)
        FiveBits.decode(block + 2) { i, q in values[i] = Float(q - 16) * d }
    }

    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer) {
        let d = farthestFromZero(values, 32) / -16
        let factor = inverse(d)
        store(d, block, 0)
        FiveBits.encode(block + 2) { i in truncated(values[i] * factor + 16.5, 0...31) }
    }
}

/// Blocks of 32 integers of five bits above a minimum.
///
///     value[i] = d · q[i] + m            m = the minimum, d = (maximum − m) / 31
///
/// Bytes: d, m, then q as in `Q5_0`.
enum Q5_1: BlockEncoder {
    static let type = DataType.q5_1

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let (d, m) = (half(block, 0), half(block, 2))
        FiveBits.decode(block + 4) { i, q in values[i] = Float(q) * d + m }
    }

    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer) {
        let (m, maximum) = extremes(values, 32)
        let d = (maximum - m) / 31
        let factor = inverse(d)
        store(d, block, 0)
        store(m, block, 2)
        FiveBits.encode(block + 4) { i in truncated((values[i] - m) * factor + 0.5, 0...31) }
    }
}

/// 32 integers of five bits: a word with the upper bits, then 16 bytes with the lower ones.
enum FiveBits {
    @inline(__always)
    static func decode(_ bytes: UnsafeRawPointer, _ take: (_ i: Int, _ q: Int) -> Void) {
        let upper = bytes.loadUnaligned(as: UInt32.self)
        for i in 0..<16 {
            let pair = Int(bytes.load(fromByteOffset: 4 + i, as: UInt8.self))
            take(i, pair & 15 | Int(upper >> UInt32(i) & 1) << 4)
            take(i + 16, pair >> 4 | Int(upper >> UInt32(i + 16) & 1) << 4)
        }
    }

    @inline(__always)
    static func encode(_ bytes: UnsafeMutableRawPointer, _ give: (_ i: Int) -> UInt8) {
        var upper: UInt32 = 0
        for i in 0..<16 {
            let (low, high) = (give(i), give(i + 16))
            bytes.storeBytes(of: low & 15 | high << 4, toByteOffset: 4 + i, as: UInt8.self)
            upper |= UInt32(low >> 4) << UInt32(i) | UInt32(high >> 4) << UInt32(i + 16)
        }
        bytes.storeBytes(of: upper, as: UInt32.self)
    }
}
