import Tensors

/// Damages files in the ways that disks, networks and attackers do.
struct Mutation {
    private var random: RandomNumbers

    init(seed: UInt64) { random = RandomNumbers(seed: seed) }

    /// `bytes` with one to four damages.
    mutating func damaged(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for _ in 0...random.below(4) { damage(&bytes) }
        return bytes
    }

    private mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let offset = random.below(bytes.count)
        let end = min(bytes.count, offset + 1 + random.below(16))
        switch random.below(9) {
        case 0, 1: bytes[offset] ^= 1 << UInt8(random.below(8))
        case 2: bytes[offset] = UInt8(truncatingIfNeeded: random.next())
        case 3: bytes[offset] = [0, 1, 0x7F, 0x80, 0xFF, 0x28, 0x2E, 0x7B, 0x22, 0x39][random.below(10)]
        case 4: bytes.removeLast(bytes.count - offset)
        case 5:
            bytes.insert(contentsOf: (offset..<end).map { _ in UInt8(truncatingIfNeeded: random.next()) }, at: offset)
        case 6: bytes.removeSubrange(offset..<end)
        case 7: bytes.insert(contentsOf: bytes[offset..<end], at: random.below(bytes.count))
        default:
            // Sizes and offsets at the edges of their types.
            let edges: [UInt64] = [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 62, 1 << 63, .max, .max - 63]
            let value = littleEndian(edges[random.below(edges.count)])
            for (i, byte) in value.enumerated().prefix(random.below(2) == 0 ? 4 : 8) where offset + i < bytes.count {
                bytes[offset + i] = byte
            }
        }
    }
}
