/// The numbers `0..<count` in a shuffled order that no list holds: any place of it is computed alone.
///
/// A balanced Feistel network permutes the numbers of 2h bits, the least power of four that is not below `count`; where it
/// leads to a number that is too large, it is applied again, until it leads back (cycle walking; Black and Rogaway, “Ciphers
/// with arbitrary finite domains”, 2002). The same count and key give the same order on every machine.
///
///     let order = Permutation(count: 1000, key: 42)
///     order[0]  // the first of the thousand
public struct Permutation: Sendable {
    private static let roundCount = 6

    /// How many numbers there are.
    public let count: Int
    private let halfBits: UInt64
    private let keys: [UInt64]

    /// - Parameters:
    ///   - count: At least 1.
    ///   - key: Another key gives another order.
    public init(count: Int, key: UInt64) {
        precondition(count >= 1, "there is something to shuffle")
        self.count = count
        let bits = max(2, 64 - (count - 1).leadingZeroBitCount)
        halfBits = UInt64((bits + 1) / 2)
        keys = (1...UInt64(Self.roundCount)).map { mixed(key &+ $0 &* 0x9E37_79B9_7F4A_7C15) }
    }

    /// The number at a place.
    /// - Complexity: O(1) on average: fewer than four passes through the network.
    public subscript(place: Int) -> Int {
        precondition(place >= 0 && place < count, "place \(place) of \(count)")
        var value = UInt64(place)
        repeat { value = permuted(value) } while value >= UInt64(count)
        return Int(value)
    }

    private func permuted(_ value: UInt64) -> UInt64 {
        let mask: UInt64 = (1 << halfBits) - 1
        var (left, right) = (value >> halfBits, value & mask)
        for key in keys { (left, right) = (right, left ^ mixed(right ^ key) & mask) }
        return left << halfBits | right
    }
}
