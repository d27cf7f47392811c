/// Blocks of 256 integers of four bits, in eight parts of 32 with a scale and a minimum of six bits each.
///
///     value[i] = (d · scale[p]) · q[i] − dmin · min[p],    p = i / 32
///
/// Bytes: d, dmin, 12 with scales and minima, 128 with q: of each 64, the first 32 in the lower halves.
enum Q4_K: BlockCodec {
    static let type = DataType.q4_K

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        for part in 0..<8 {
            let (scale, minimum) = SixBitScales.pair(block, part)
            let shift = part % 2 * 4
            for i in 0..<32 {
                let q = byte(block, 16 + part / 2 * 32 + i) >> shift & 15
                values[part * 32 + i] = scale * Float(q) - minimum
            }
        }
    }
}

/// Blocks of 256 integers of five bits, otherwise as `Q4_K`.
///
/// Bytes: d, dmin, 12 with scales and minima, 32 with bit 4 of q[32 · p + i] at bit p of byte i, 128 with the other bits.
enum Q5_K: BlockCodec {
    static let type = DataType.q5_K

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        for part in 0..<8 {
            let (scale, minimum) = SixBitScales.pair(block, part)
            let shift = part % 2 * 4
            for i in 0..<32 {
                let upper = byte(block, 16 + i) >> part & 1
                let q = byte(block, 48 + part / 2 * 32 + i) >> shift & 15 | upper << 4
                values[part * 32 + i] = scale * Float(q) - minimum
            }
        }
    }
}

/// Blocks of 256 integers of six bits, in 16 parts of 16 with a scale of eight bits each.
///
///     value[i] = (d · scale[i / 16]) · (q[i] − 32)
///
/// Bytes: 128 with the lower four bits, 64 with the upper two, 16 scales with sign, d. Of each 128 numbers, the lower bits
/// of the first and second 32 are in the lower halves of 64 bytes, those of the others in the upper halves; the upper
/// bits of all four are side by side in 32 bytes.
enum Q6_K: BlockCodec {
    static let type = DataType.q6_K

    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>) {
        let d = half(block, 208)
        for part in 0..<8 {
            let (large, quarter) = (part / 4, part % 4)
            for i in 0..<32 {
                let lower = byte(block, large * 64 + quarter % 2 * 32 + i) >> (quarter / 2 * 4) & 15
                let upper = byte(block, 128 + large * 32 + i) >> (quarter * 2) & 3
                let scale = block.load(fromByteOffset: 192 + part * 2 + i / 16, as: Int8.self)
                values[part * 32 + i] = d * Float(scale) * Float((lower | upper << 4) - 32)
            }
        }
    }
}

/// Eight scales and eight minima of six bits in 12 bytes.
///
/// Bytes 0–3 and 4–7 hold the first four of each; their upper two bits belong to the last four, of which bytes 8–11 hold
/// the lower four bits, scale below minimum.
private enum SixBitScales {
    /// The scale and the minimum of a part, times those of the block.
    @inline(__always)
    static func pair(_ block: UnsafeRawPointer, _ part: Int) -> (scale: Float, minimum: Float) {
        let (d, dmin) = (Q4_K.half(block, 0), Q4_K.half(block, 2))
        if part < 4 {
            let (scale, minimum) = (Q4_K.byte(block, 4 + part) & 63, Q4_K.byte(block, 8 + part) & 63)
            return (d * Float(scale), dmin * Float(minimum))
        }
        let shared = Q4_K.byte(block, 8 + part)
        let scale = shared & 15 | Q4_K.byte(block, part) >> 2 & 48
        let minimum = shared >> 4 | Q4_K.byte(block, 4 + part) >> 2 & 48
        return (d * Float(scale), dmin * Float(minimum))
    }
}
