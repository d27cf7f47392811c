/// Turns the blocks of one quantised type into numbers.
///
/// Layouts and formulas are those of ggml (`ggml-common.h`, `ggml-quants.c`); scales are half-precision numbers.
protocol BlockCodec {
    static var type: DataType { get }

    /// Writes the `type.blockLength` numbers of the block at `block`, which may be unaligned.
    static func decode(_ block: UnsafeRawPointer, to values: UnsafeMutablePointer<Float>)
}

/// Turns numbers into blocks as well.
protocol BlockEncoder: BlockCodec {
    /// Writes the block that stands for `type.blockLength` numbers, as ggml's reference quantiser does.
    static func encode(_ values: UnsafePointer<Float>, to block: UnsafeMutableRawPointer)
}

extension BlockCodec {
    @inline(__always)
    static func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
        Half.float(block.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    static func store(_ value: Float, _ block: UnsafeMutableRawPointer, _ offset: Int) {
        block.storeBytes(of: Half.bits(value), toByteOffset: offset, as: UInt16.self)
    }

    /// Byte `offset` of the block as a number without sign.
    @inline(__always)
    static func byte(_ block: UnsafeRawPointer, _ offset: Int) -> Int {
        Int(block.load(fromByteOffset: offset, as: UInt8.self))
    }

    /// `value` without its fraction, within `limits`. A scale too small for its inverse makes NaN of the values, which
    /// become the lower limit: such a block decodes to its minimum whatever its integers are.
    @inline(__always)
    static func truncated(_ value: Float, _ limits: ClosedRange<Int>) -> UInt8 {
        if value.isNaN { return UInt8(limits.lowerBound) }
        return UInt8(max(Float(limits.lowerBound), min(Float(limits.upperBound), value.rounded(.towardZero))))
    }
}

/// The value farthest from zero, the first of equals, with its sign.
@inline(__always)
func farthestFromZero(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var magnitude: Float = 0
    var value: Float = 0
    for i in 0..<count where magnitude < abs(values[i]) {
        magnitude = abs(values[i])
        value = values[i]
    }
    return value
}

/// The least and the greatest value.
@inline(__always)
func extremes(_ values: UnsafePointer<Float>, _ count: Int) -> (minimum: Float, maximum: Float) {
    var (minimum, maximum) = (Float.greatestFiniteMagnitude, -Float.greatestFiniteMagnitude)
    for i in 0..<count {
        if values[i] < minimum { minimum = values[i] }
        if values[i] > maximum { maximum = values[i] }
    }
    return (minimum, maximum)
}

/// 1 / scale, or 0 for a scale of 0.
@inline(__always)
func inverse(_ scale: Float) -> Float { scale == 0 ? 0 : 1 / scale }
