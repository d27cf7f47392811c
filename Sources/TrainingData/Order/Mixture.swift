/// Which of several sources each draw is from, so that each has the share that its weight asks for.
///
/// Draws go in rounds of 65,536. In each round every source has the same number of draws, in proportion to its weight and at
/// least one, in shuffled order. So shares are exact to one in 65,536 over a round, and any draw can be computed from its
/// number.
public struct Mixture: Sendable {
    /// The draws of a round.
    public static let roundLength = 1 << 16

    /// The most sources that there can be.
    public static let sourceLimit = 1024

    /// The draws that each source has in a round.
    public let slots: [Int]
    private let key: UInt64
    private var round = -1
    private var sources: [UInt16] = []
    private var ranks: [UInt32] = []

    /// - Parameter weights: One for each source, at most `sourceLimit`, finite and above 0.
    public init(weights: [Double], key: UInt64) {
        precondition((1...Self.sourceLimit).contains(weights.count), "there are 1 to \(Self.sourceLimit) sources")
        precondition(weights.allSatisfy { $0 > 0 && $0.isFinite }, "weights are above 0")
        self.key = key
        // Divided by the largest first: a sum of huge weights would be infinite.
        let largest = weights.max() ?? 1
        let sum = weights.reduce(0) { $0 + $1 / largest }
        let shares = weights.map { $0 / largest / sum * Double(Self.roundLength) }
        var slots = shares.map { max(1, Int($0)) }
        // What rounding has left goes to those who are furthest below their share, and comes from those furthest above.
        while true {
            let missing = Self.roundLength - slots.reduce(0, +)
            if missing == 0 { break }
            let candidates = slots.indices.filter { missing > 0 || slots[$0] > 1 }
            let sign = missing > 0 ? 1.0 : -1.0
            let best = candidates.max { a, b in
                sign * (shares[a] - Double(slots[a])) < sign * (shares[b] - Double(slots[b]))
            }
            slots[best ?? 0] += missing > 0 ? 1 : -1
        }
        self.slots = slots
    }

    /// The source of a draw, and which of this source's draws it is, from 0.
    /// - Complexity: O(1) within a round, O(65,536) where another round begins.
    public mutating func draw(_ number: Int) -> (source: Int, draw: Int) {
        let (round, place) = number.quotientAndRemainder(dividingBy: Self.roundLength)
        if round != self.round { begin(round) }
        let source = Int(sources[place])
        return (source, round * slots[source] + Int(ranks[place]))
    }

    private mutating func begin(_ round: Int) {
        self.round = round
        let sorted = slots.enumerated().flatMap { [UInt16](repeating: UInt16($0.offset), count: $0.element) }
        let order = Permutation(count: Self.roundLength, key: mixed(key ^ mixed(UInt64(round))))
        sources = (0..<Self.roundLength).map { sorted[order[$0]] }
        var seen = [UInt32](repeating: 0, count: slots.count)
        ranks = sources.map { source in
            defer { seen[Int(source)] += 1 }
            return seen[Int(source)]
        }
    }
}
