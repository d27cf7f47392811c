import Tensors
import Testing

private let halves: [(Float, UInt16)] = [
    (1, 0x3C00), (1 + 0x1p-11, 0x3C00), (1 + 0x3p-11, 0x3C02), (65504, 0x7BFF), (65519, 0x7BFF), (65520, 0x7C00),
    (-1e9, 0xFC00), (0x1p-24, 0x0001), (0x1p-25, 0x0000), (0x1.8p-24, 0x0002), (0x1p-14, 0x0400), (-0.0, 0x8000),
]

private let bfloats: [(Float, UInt16)] = [
    (1, 0x3F80), (1 + 0x1p-8, 0x3F80), (1 + 0x3p-8, 0x3F82), (.infinity, 0x7F80), (.greatestFiniteMagnitude, 0x7F80),
    (-2.5, 0xC020),
]

@Suite("Number formats")
struct NumberFormatTests {
    @Test("Every half-precision number survives the way to Float and back")
    func halfRoundTrip() {
        for bits in UInt16.min...UInt16.max {
            let value = Half.float(bits)
            if value.isNaN {
                #expect(Half.float(Half.bits(value)).isNaN)
            } else {
                #expect(Half.bits(value) == bits)
            }
        }
    }

    // Expected: numpy.float32(x).astype(numpy.float16).view(numpy.uint16)
    @Test(
        "Floats are rounded to the nearest half, ties to even",
        arguments: halves)
    func halfRounding(value: Float, bits: UInt16) { #expect(Half.bits(value) == bits) }

    // Expected: torch.tensor(x).bfloat16().view(torch.int16), by the definition of rounding to nearest, ties to even.
    @Test(
        "Floats are rounded to the nearest bfloat16, ties to even",
        arguments: bfloats)
    func bfloatRounding(value: Float, bits: UInt16) { #expect(BFloat16.bits(value) == bits) }

    @Test("NaN stays NaN")
    func notANumber() {
        #expect(BFloat16.float(BFloat16.bits(Float(bitPattern: 0x7F80_0001))).isNaN)
        #expect(Half.float(Half.bits(.nan)).isNaN)
    }
}
