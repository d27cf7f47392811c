internal import Tensors

/// A task that asks a model for something that it has read, on sequences that are made up.
public enum RecallTask: String, Codable, Sendable, CaseIterable {
    /// Pairs of keys and values, then all the keys once more in another order: each is to be followed by its value.
    /// Multi-query associative recall, Arora et al. 2023 (arXiv:2312.04927).
    case associative
    /// A string, a mark, and the string again.
    case copying
    /// One pair somewhere in noise, and its key again at the end: the needle in the haystack.
    case needle

    /// The tokens of the tasks' alphabet: a mark, and about twice as many keys, and as many values, as there are pairs.
    public static func vocabularySize(for size: Int) -> Int {
        var count = 64
        while count < 4 * size { count *= 2 }
        return count
    }

    /// The share of right answers of a model that guesses among what can follow.
    public func chance(size: Int) -> Double {
        let count = Self.vocabularySize(for: size)
        return 1 / Double(self == .copying ? count - 1 : count / 2)
    }

    private static let mark: Int32 = 0

    /// A sequence, and the places whose next token is asked for.
    /// - Parameter size: The pairs, the string's tokens, or a quarter of the noise's.
    func sequence(size: Int, _ random: inout RandomNumbers) -> (tokens: [Int32], places: [Int]) {
        let count = Self.vocabularySize(for: size)
        // Keys and noise are the tokens below it, values it and those above it.
        let firstValue = count / 2
        func value() -> Int32 { Int32(firstValue + random.below(count - firstValue)) }
        switch self {
        case .associative:
            var keys = (1..<firstValue).map(Int32.init)
            shuffle(&keys, &random)
            let pairs = keys.prefix(size).map { ($0, value()) }
            var queries = Array(pairs)
            shuffle(&queries, &random)
            let tokens = (pairs + queries).flatMap { [$0.0, $0.1] }
            return (tokens, queries.indices.map { 2 * pairs.count + 2 * $0 })
        case .copying:
            let text = (0..<size).map { _ in Int32(1 + random.below(count - 1)) }
            return (text + [Self.mark] + text, Array(size..<2 * size))
        case .needle:
            var tokens = (0..<4 * size).map { _ in Int32(1 + random.below(firstValue - 1)) }
            let value = value()
            tokens.insert(contentsOf: [Self.mark, value], at: random.below(tokens.count))
            return (tokens + [Self.mark, value], [tokens.count])
        }
    }

    private func shuffle<Element>(_ array: inout [Element], _ random: inout RandomNumbers) {
        for i in stride(from: array.count - 1, to: 0, by: -1) { array.swapAt(i, random.below(i + 1)) }
    }
}
