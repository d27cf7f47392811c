extension Q4_K: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let parts = ScaledParts(values, weights, upper: 15)
        parts.store(to: block)
        for pair in 0..<4 {
            for i in 0..<32 {
                let low = parts.integer(values[pair * 64 + i], part: 2 * pair)
                let high = parts.integer(values[pair * 64 + 32 + i], part: 2 * pair + 1)
                block.storeBytes(of: low | high << 4, toByteOffset: 16 + pair * 32 + i, as: UInt8.self)
            }
        }
    }
}

extension Q5_K: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let parts = ScaledParts(values, weights, upper: 31)
        parts.store(to: block)
        for i in 0..<32 {
            var upper: UInt8 = 0
            for pair in 0..<4 {
                let low = parts.integer(values[pair * 64 + i], part: 2 * pair)
                let high = parts.integer(values[pair * 64 + 32 + i], part: 2 * pair + 1)
                block.storeBytes(of: low & 15 | high << 4, toByteOffset: 48 + pair * 32 + i, as: UInt8.self)
                upper |= (low >> 4) << UInt8(2 * pair) | (high >> 4) << UInt8(2 * pair + 1)
            }
            block.storeBytes(of: upper, toByteOffset: 16 + i, as: UInt8.self)
        }
    }
}

extension Q6_K: BlockOptimizer {
    private static let levels = -32...31

    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let parts = (0..<16).map { ScaleSearch(values: values + 16 * $0, weights: weights + 16 * $0, count: 16) }
        let wanted = parts.map { $0.symmetric(levels) }
        let d = stored(wanted.withUnsafeBufferPointer { farthestFromZero($0.baseAddress!, 16) } / -128)
        store(d, block, 208)
        var integers = [UInt8](repeating: 0, count: 256)
        for (part, search) in parts.enumerated() {
            let around = nearest(wanted[part] * inverse(d), -128...127)
            let candidates = max(-128, around - 1)...min(127, around + 1)
            let chosen = candidates.min {
                search.error(scale: d * Float($0), levels) < search.error(scale: d * Float($1), levels)
            }
            let scale = chosen ?? around
            block.storeBytes(of: Int8(scale), toByteOffset: 192 + part, as: Int8.self)
            let factor = inverse(d * Float(scale))
            for i in 16 * part..<16 * (part + 1) { integers[i] = UInt8(nearest(values[i] * factor, levels) + 32) }
        }
        for half in 0..<2 {
            let q = integers[128 * half..<128 * (half + 1)]
            let first = q.startIndex
            for i in 0..<32 {
                let (a, b, c, d) = (q[first + i], q[first + 32 + i], q[first + 64 + i], q[first + 96 + i])
                block.storeBytes(of: a & 15 | c << 4, toByteOffset: 64 * half + i, as: UInt8.self)
                block.storeBytes(of: b & 15 | d << 4, toByteOffset: 64 * half + 32 + i, as: UInt8.self)
                let upper = a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6
                block.storeBytes(of: upper, toByteOffset: 128 + 32 * half + i, as: UInt8.self)
            }
        }
    }
}

/// The scales and minima of the eight parts of 32 numbers in a block of `Q4_K` or `Q5_K`.
private struct ScaledParts {
    private var d: Float
    private var dmin: Float
    private var upper: Int
    /// Of each part, from 0 to 63.
    private var scales = [Int](repeating: 0, count: 8)
    private var minima = [Int](repeating: 0, count: 8)

    init(_ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, upper: Int) {
        let parts = (0..<8).map { ScaleSearch(values: values + 32 * $0, weights: weights + 32 * $0, count: 32) }
        let wanted = parts.map { $0.affine(upper: upper, minimumAboveZero: false) }
        self.upper = upper
        d = Q4_K.stored((wanted.map(\.scale).max() ?? 0) / 63)
        dmin = Q4_K.stored((wanted.map { -$0.minimum }.max() ?? 0) / 63)
        for part in 0..<8 {
            scales[part] = nearest(wanted[part].scale * inverse(d), 0...63)
            minima[part] = nearest(-wanted[part].minimum * inverse(dmin), 0...63)
        }
        var error = chooseIntegers(parts)
        // With the integers of the parts, the least squares give better numbers for the block, and with these the parts
        // other integers. Two or three turns are enough.
        for _ in 0..<3 {
            var next = self
            next.fitBlock(parts)
            let nextError = next.chooseIntegers(parts)
            guard nextError < error else { break }
            self = next
            error = nextError
        }
    }

    /// Gives each part the best scale and minimum around those that it has; returns the error of the block.
    private mutating func chooseIntegers(_ parts: [ScaleSearch]) -> Float {
        var sum: Float = 0
        for (part, search) in parts.enumerated() {
            let (scale, minimum) = (scales[part], minima[part])
            // Rounding one asks for another of the other: the neighbours are tried.
            var least = Float.infinity
            for s in max(0, scale - 1)...min(63, scale + 1) {
                for m in max(0, minimum - 2)...min(63, minimum + 2) {
                    let error = search.error(scale: d * Float(s), minimum: -dmin * Float(m), upper: upper)
                    if error < least { (least, scales[part], minima[part]) = (error, s, m) }
                }
            }
            sum += least
        }
        return sum
    }

    /// The d and dmin of the least squares: value[i] ≈ d · (scale · q[i]) − dmin · min.
    private mutating func fitBlock(_ parts: [ScaleSearch]) {
        var (uu, uv, vv, xu, xv) = (Float(0), Float(0), Float(0), Float(0), Float(0))
        for (part, search) in parts.enumerated() {
            for i in 0..<32 {
                let (x, w) = (search.values[i], search.weights[i])
                let u = Float(scales[part]) * Float(integer(x, part: part))
                let v = -Float(minima[part])
                uu += w * u * u
                uv += w * u * v
                vv += w * v * v
                xu += w * x * u
                xv += w * x * v
            }
        }
        let determinant = uu * vv - uv * uv
        let (fittedScale, fittedMinimum) = ((xu * vv - xv * uv) / determinant, (xv * uu - xu * uv) / determinant)
        // A block without minima has none to fit, and the factors must not be negative.
        if fittedScale > 0, fittedMinimum > 0, fittedScale.isFinite, fittedMinimum.isFinite {
            (d, dmin) = (Q4_K.stored(fittedScale), Q4_K.stored(fittedMinimum))
        }
    }

    func integer(_ value: Float, part: Int) -> UInt8 {
        UInt8(nearest((value + dmin * Float(minima[part])) * inverse(d * Float(scales[part])), 0...upper))
    }

    /// Writes the head of the block, as `SixBitScales` reads it.
    func store(to block: UnsafeMutableRawPointer) {
        Q4_K.store(d, block, 0)
        Q4_K.store(dmin, block, 2)
        for part in 0..<4 {
            let (scale, minimum) = (scales[part], minima[part])
            let (later, laterMinimum) = (scales[part + 4], minima[part + 4])
            block.storeBytes(of: UInt8(scale | (later >> 4) << 6), toByteOffset: 4 + part, as: UInt8.self)
            block.storeBytes(of: UInt8(minimum | (laterMinimum >> 4) << 6), toByteOffset: 8 + part, as: UInt8.self)
            block.storeBytes(of: UInt8(later & 15 | (laterMinimum & 15) << 4), toByteOffset: 12 + part, as: UInt8.self)
        }
    }
}
