/// Merges the bytes of a word into tokens.
///
/// Of all neighbours that merge, those of the lowest rank go first, the leftmost of them before the others, until none
/// merge. Short words are searched anew for each merge; long ones keep their pairs in a heap.
package struct WordEncoder {
    /// Up to here searching is cheaper than keeping a heap.
    private static let shortWord = 48
    private static let none = UInt32.max

    private let byteTokens: [TokenID]
    private let rules: [MergeRule]
    private let ranks: MergeRanks
    // The symbols of the word, and the rank of each with its right neighbour.
    private var symbols: [TokenID] = []
    private var pairRanks: [UInt32] = []

    package init(byteTokens: [TokenID], rules: [MergeRule], ranks: MergeRanks) {
        self.byteTokens = byteTokens
        self.rules = rules
        self.ranks = ranks
    }

    /// Appends the tokens of one word.
    /// - Complexity: O(n log n)
    package mutating func append(_ bytes: [UInt8], _ range: Range<Int>, to result: inout [TokenID]) {
        symbols.removeAll(keepingCapacity: true)
        for byte in bytes[range] {
            let token = byteTokens[Int(byte)]
            if token >= 0 {
                symbols.append(token)
            } else {
                symbols += [0xEF, 0xBF, 0xBD].map { byteTokens[$0] }  // U+FFFD
            }
        }
        pairRanks.removeAll(keepingCapacity: true)
        for index in symbols.indices.dropLast() { pairRanks.append(rank(symbols[index], symbols[index + 1])) }
        pairRanks.append(Self.none)
        if symbols.count <= Self.shortWord {
            mergeShort()
            result += symbols
        } else {
            mergeLong(into: &result)
        }
    }

    private func rank(_ left: TokenID, _ right: TokenID) -> UInt32 { ranks.rank(left, right) ?? Self.none }

    private mutating func mergeShort() {
        while symbols.count > 1 {
            var best = 0
            for index in 1..<pairRanks.count where pairRanks[index] < pairRanks[best] { best = index }
            if pairRanks[best] == Self.none { return }
            symbols[best] = rules[Int(pairRanks[best])].result
            symbols.remove(at: best + 1)
            pairRanks.remove(at: best + 1)
            pairRanks[best] = best + 1 < symbols.count ? rank(symbols[best], symbols[best + 1]) : Self.none
            if best > 0 { pairRanks[best - 1] = rank(symbols[best - 1], symbols[best]) }
        }
    }

    /// As `mergeShort`, over a linked list of symbols. An entry of the heap holds a rank above a place; it is out of
    /// date when the place no longer has this rank.
    private mutating func mergeLong(into result: inout [TokenID]) {
        let count = symbols.count
        var next = Array(1...count)
        var previous = Array(-1..<(count - 1))
        var heap = MinimumHeap<UInt64>()
        func entry(_ index: Int) -> UInt64 { UInt64(pairRanks[index]) << 32 | UInt64(index) }

        for index in 0..<count where pairRanks[index] != Self.none { heap.insert(entry(index)) }
        while let top = heap.popMinimum() {
            let index = Int(top & 0xFFFF_FFFF)
            guard top == entry(index) else { continue }
            symbols[index] = rules[Int(pairRanks[index])].result
            let removed = next[index]
            let right = next[removed]
            pairRanks[removed] = Self.none
            next[index] = right
            if right < count { previous[right] = index }
            pairRanks[index] = right < count ? rank(symbols[index], symbols[right]) : Self.none
            if pairRanks[index] != Self.none { heap.insert(entry(index)) }
            let left = previous[index]
            if left >= 0 {
                pairRanks[left] = rank(symbols[left], symbols[index])
                if pairRanks[left] != Self.none { heap.insert(entry(left)) }
            }
        }
        var index = 0
        while index < count {
            result.append(symbols[index])
            index = next[index]
        }
    }
}
