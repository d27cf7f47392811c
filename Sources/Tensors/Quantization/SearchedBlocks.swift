/// Turns numbers into blocks with the least weighted squared error that a search finds.
///
/// The layouts are those of ggml and any of its readers reads the blocks; only the choice of scales and integers is better.
protocol BlockOptimizer: BlockCodec {
    /// Writes the block that stands for `type.blockLength` numbers.
    /// - Parameter weights: How much the squared error of each number counts.
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer)
}

extension BlockOptimizer {
    /// A half-precision number as it will be read.
    @inline(__always)
    static func stored(_ value: Float) -> Float { Half.float(Half.bits(value)) }

    /// Writes the half-precision scale of 32 numbers and gives the inverse of what it will be read as.
    @inline(__always)
    fileprivate static func searchScale(
        _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ levels: ClosedRange<Int>,
        to block: UnsafeMutableRawPointer
    ) -> Float {
        let scale = ScaleSearch(values: values, weights: weights, count: 32).symmetric(levels)
        store(scale, block, 0)
        return inverse(stored(scale))
    }

    /// Writes the scale and the minimum of 32 numbers and gives the inverse of the one and the other as they will be read.
    @inline(__always)
    fileprivate static func searchScaleAndMinimum(
        _ values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, upper: Int, to block: UnsafeMutableRawPointer
    ) -> (inverse: Float, minimum: Float) {
        let search = ScaleSearch(values: values, weights: weights, count: 32)
        let (scale, minimum) = search.affine(upper: upper, minimumAboveZero: true)
        store(scale, block, 0)
        store(minimum, block, 2)
        return (inverse(stored(scale)), stored(minimum))
    }
}

extension Q8_0: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let factor = searchScale(values, weights, -127...127, to: block)
        for i in 0..<32 {
            let q = Int8(nearest(values[i] * factor, -127...127))
            block.storeBytes(of: q, toByteOffset: 2 + i, as: Int8.self)
        }
    }
}

extension Q5_0: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let factor = searchScale(values, weights, -16...15, to: block)
        FiveBits.encode(block + 2) { i in UInt8(nearest(values[i] * factor, -16...15) + 16) }
    }
}

extension Q4_0: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let factor = searchScale(values, weights, -8...7, to: block)
        FourBits.encode(block + 2) { i in UInt8(nearest(values[i] * factor, -8...7) + 8) }
    }
}

extension Q5_1: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let (factor, m) = searchScaleAndMinimum(values, weights, upper: 31, to: block)
        FiveBits.encode(block + 4) { i in UInt8(nearest((values[i] - m) * factor, 0...31)) }
    }
}

extension Q4_1: BlockOptimizer {
    static func optimize(
        _ values: UnsafePointer<Float>, weights: UnsafePointer<Float>, to block: UnsafeMutableRawPointer
    ) {
        let (factor, m) = searchScaleAndMinimum(values, weights, upper: 15, to: block)
        FourBits.encode(block + 4) { i in UInt8(nearest((values[i] - m) * factor, 0...15)) }
    }
}
