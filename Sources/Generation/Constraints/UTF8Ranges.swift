/// The Unicode scalars of a range as UTF-8: sequences of byte ranges, which together are those of the range and no others.
///
/// A range is cut where the number of bytes changes, and then so that in each part all bytes but the first that differs
/// run through all continuation bytes. Surrogates are no scalars and are left out.
func utf8Sequences(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    let blocks: [ClosedRange<UInt32>] = [0...0x7F, 0x80...0x7FF, 0x800...0xD7FF, 0xE000...0xFFFF, 0x10000...0x10FFFF]
    return blocks.filter { $0.overlaps(range) }.flatMap { block in split(range.clamped(to: block)) }
}

private func split(_ range: ClosedRange<UInt32>) -> [[ClosedRange<UInt8>]] {
    let (first, last) = (bytes(range.lowerBound), bytes(range.upperBound))
    for tail in stride(from: first.count - 1, to: 0, by: -1) {
        let mask = UInt32(1) << (6 * UInt32(tail)) - 1
        guard range.lowerBound & ~mask != range.upperBound & ~mask else { continue }
        if range.lowerBound & mask != 0 {
            return split(range.lowerBound...(range.lowerBound | mask))
                + split((range.lowerBound | mask) + 1...range.upperBound)
        }
        if range.upperBound & mask != mask {
            return split(range.lowerBound...(range.upperBound & ~mask) - 1)
                + split(range.upperBound & ~mask...range.upperBound)
        }
    }
    return [zip(first, last).map { $0...$1 }]
}

private func bytes(_ scalar: UInt32) -> [UInt8] {
    Unicode.Scalar(scalar).map { Array(String(Character($0)).utf8) } ?? []
}
