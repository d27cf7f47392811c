/// The state of a BPE training: words as they are merged so far, and how often each pair of neighbours occurs.
///
/// Counts are kept up to date merge by merge: only words that hold the pair are looked at again. The heap may hold
/// counts that are out of date; they are put right when they come up.
package struct PairLearner {
    /// The bytes of each token so far.
    private(set) var tokens: [[UInt8]]
    package private(set) var rules: [MergeRule] = []

    private var words: [(symbols: [TokenID], count: Int)]
    private var counts: [Pair: Int] = [:]
    /// The words in which a pair occurs, or has occurred; some of them more than once.
    private var occurrences: [Pair: [Int]] = [:]
    private var heap = MinimumHeap<Candidate>()
    private var tokenOfBytes: [[UInt8]: TokenID] = [:]
    /// Two pairs may make the same token, and so bring back neighbours that were merged before.
    private var learntPairs: Set<Pair> = []
    /// What no merge may make, because the text would then read like a special token in the file.
    private let reserved: Set<[UInt8]>

    private struct Pair: Hashable {
        let left: TokenID
        let right: TokenID
    }

    /// A pair with its count, in the order in which pairs are learnt.
    private struct Candidate: Comparable {
        let count: Int
        let pair: Pair

        static func < (a: Candidate, b: Candidate) -> Bool {
            (b.count, a.pair.left, a.pair.right) < (a.count, b.pair.left, b.pair.right)
        }
    }

    package init(words: [(symbols: [TokenID], count: Int)], tokens: [[UInt8]], reserved: Set<[UInt8]>) {
        self.words = words
        self.tokens = tokens
        self.reserved = reserved
        for (token, bytes) in tokens.enumerated() where !reserved.contains(bytes) {
            tokenOfBytes[bytes] = TokenID(token)
        }
        for (index, word) in words.enumerated() {
            for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
                let pair = Pair(left: left, right: right)
                counts[pair, default: 0] += word.count
                occurrences[pair, default: []].append(index)
            }
        }
        for (pair, count) in counts { heap.insert(Candidate(count: count, pair: pair)) }
    }

    /// Merges the most frequent pair and returns its count; `nil` if none occurs often enough.
    package mutating func learnPair(minimumFrequency: Int) -> Int? {
        while let candidate = heap.popMinimum() {
            let pair = candidate.pair
            let count = counts[pair] ?? 0
            if count < minimumFrequency { continue }
            if count != candidate.count {
                heap.insert(Candidate(count: count, pair: pair))
                continue
            }
            let bytes = tokens[Int(pair.left)] + tokens[Int(pair.right)]
            if reserved.contains(bytes) { continue }
            merge(pair, into: token(of: bytes))
            return count
        }
        return nil
    }

    /// The token of these bytes, new or known.
    private mutating func token(of bytes: [UInt8]) -> TokenID {
        if let known = tokenOfBytes[bytes] { return known }
        let new = TokenID(tokens.count)
        tokens.append(bytes)
        tokenOfBytes[bytes] = new
        return new
    }

    private mutating func merge(_ pair: Pair, into token: TokenID) {
        if learntPairs.insert(pair).inserted {
            rules.append(MergeRule(left: pair.left, right: pair.right, result: token))
        }
        var changes: [Pair: Int] = [:]
        // A word that is listed twice no longer holds the pair the second time.
        for index in occurrences.removeValue(forKey: pair) ?? [] {
            let old = words[index].symbols
            let new = Self.merged(old, pair, into: token)
            if new.count == old.count { continue }
            let count = words[index].count
            words[index].symbols = new
            for (left, right) in zip(old, old.dropFirst()) {
                changes[Pair(left: left, right: right), default: 0] -= count
            }
            for (left, right) in zip(new, new.dropFirst()) {
                let neighbours = Pair(left: left, right: right)
                changes[neighbours, default: 0] += count
                if left == token || right == token { occurrences[neighbours, default: []].append(index) }
            }
        }
        for (changed, difference) in changes where difference != 0 {
            let count = (counts[changed] ?? 0) + difference
            counts[changed] = count == 0 ? nil : count
            if difference > 0 { heap.insert(Candidate(count: count, pair: changed)) }
        }
    }

    private static func merged(_ symbols: [TokenID], _ pair: Pair, into token: TokenID) -> [TokenID] {
        var result: [TokenID] = []
        result.reserveCapacity(symbols.count)
        var index = 0
        while index < symbols.count {
            let hasPair = symbols[index] == pair.left && index + 1 < symbols.count && symbols[index + 1] == pair.right
            result.append(hasPair ? token : symbols[index])
            index += hasPair ? 2 : 1
        }
        return result
    }
}
