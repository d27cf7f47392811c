/// The type of a tensor's elements at rest, named as in safetensors and, where several share a block, as in ggml.
public enum DataType: String, Hashable, Sendable, CaseIterable {
    case f64 = "F64"
    case f32 = "F32"
    case bf16 = "BF16"
    case f16 = "F16"
    case i64 = "I64"
    case i32 = "I32"
    case i16 = "I16"
    case i8 = "I8"
    case u8 = "U8"
    case bool = "BOOL"

    // Blocks of 32 small integers with a scale; those with 1 have a minimum besides.
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q8_0 = "Q8_0"
    // Blocks of 256, in parts whose scales are small integers themselves.
    case q4_K = "Q4_K"
    case q5_K = "Q5_K"
    case q6_K = "Q6_K"

    /// How many elements of a row share a block; 1 for types whose elements stand alone.
    public var blockLength: Int {
        switch self {
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
        case .q4_K, .q5_K, .q6_K: 256
        default: 1
        }
    }

    /// The size of a block in bytes: of one element, for types whose elements stand alone.
    public var blockByteCount: Int {
        switch self {
        case .f64, .i64: 8
        case .f32, .i32: 4
        case .bf16, .f16, .i16: 2
        case .i8, .u8, .bool: 1
        case .q4_0: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        }
    }

    /// The bytes of `elementCount` elements; `nil` if they are no whole number of blocks or the bytes overflow `Int`.
    public func byteCount(of elementCount: Int) -> Int? {
        let (blocks, rest) = elementCount.quotientAndRemainder(dividingBy: blockLength)
        let (bytes, overflow) = blocks.multipliedReportingOverflow(by: blockByteCount)
        return rest == 0 && !overflow ? bytes : nil
    }

    /// Whether the elements are floating-point numbers, each by itself.
    public var isFloatingPoint: Bool {
        switch self {
        case .f64, .f32, .bf16, .f16: true
        default: false
        }
    }

    /// Whether the elements share blocks, each with scales of its own.
    public var isQuantized: Bool { blockLength > 1 }

    /// Whether the elements stand for real numbers, as weights do: floating-point or quantised.
    public var holdsWeights: Bool { isFloatingPoint || isQuantized }
}

/// Converts between `Float` and bfloat16, which is the upper half of a `Float`.
public enum BFloat16 {
    /// The value whose upper 16 bits are `bits`.
    public static func float(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// The bits of the nearest bfloat16; ties go to even, NaN stays NaN.
    public static func bits(_ value: Float) -> UInt16 {
        let pattern = value.bitPattern
        // Rounding a NaN could carry into infinity, so its quiet bit is set instead.
        if value.isNaN { return UInt16(truncatingIfNeeded: pattern >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (pattern &+ 0x7FFF &+ ((pattern >> 16) & 1)) >> 16)
    }
}

/// Converts between `Float` and IEEE half precision without needing the `Float16` type, which some platforms lack.
public enum Half {
    /// The value of the half-precision number `bits`.
    public static func float(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }

    /// The bits of the nearest half-precision number; ties go to even, too large values become infinity.
    public static func bits(_ value: Float) -> UInt16 {
        let pattern = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: pattern >> 16) & 0x8000
        let magnitude = pattern & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
        if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            // Below the normal range: one unit is 2⁻²⁴, and rounding to an integer is rounding to even.
            let units = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
            return sign | UInt16(units)
        }
        let rounded = magnitude &+ 0xFFF &+ ((magnitude >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- (112 << 10))
    }
}
