/// Says which sequence is the n-th of a training: any one can be computed alone.
///
/// Without weights all sequences are seen once in each epoch, in another shuffled order each time. With weights the parts
/// take turns as `Mixture` says, and each part's own sequences are seen once before one of them comes again.
public struct SequenceOrder: Sendable {
    private let parts: [CutPart]
    private let starts: [Int]
    private let key: UInt64
    private var mixture: Mixture?

    /// The sequences of all parts.
    public let count: Int

    /// The most targets that a sequence has.
    public var longest: Int { parts.reduce(0) { max($0, $1.longest) } }

    /// The mean number of targets in a sequence.
    public var meanLength: Double {
        let shares = mixture?.slots ?? parts.map(\.count)
        let sum = zip(parts, shares).reduce(0.0) { $0 + $1.0.meanLength * Double($1.1) }
        return sum / Double(max(1, shares.reduce(0, +)))
    }

    /// - Parameters:
    ///   - contextLength: T, the most targets that a sequence has.
    ///   - seed: Another seed gives another order.
    /// - Throws: `SequenceOrderError` if a part has not a single sequence or a wrong weight.
    public init(_ data: TrainingSet, contextLength: Int, seed: UInt64) throws(SequenceOrderError) {
        if data.isWeighted {
            guard data.parts.count <= Mixture.sourceLimit else {
                throw .tooManyParts(found: data.parts.count, limit: Mixture.sourceLimit)
            }
            for weight in data.parts.compactMap(\.weight) where !(weight > 0 && weight.isFinite) {
                throw .invalidWeight(weight)
            }
        }
        // No file has so many tokens; ends of sequences can be computed without a thought of overflow.
        let contextLength = min(contextLength, 1 << 48)
        let key = mixed(seed)
        self.key = key
        var parts: [CutPart] = []
        var starts: [Int] = []
        var count = 0
        for (index, part) in data.parts.enumerated() {
            let cut = try CutPart(part, contextLength: contextLength, key: mixed(key &+ UInt64(index)))
            starts.append(count)
            count += cut.count
            parts.append(cut)
        }
        guard count > 0 else { throw .tooFewTokens(found: 0, needed: contextLength + 1) }
        (self.parts, self.starts, self.count) = (parts, starts, count)
        mixture = data.isWeighted ? Mixture(weights: data.parts.map { $0.weight ?? 1 }, key: key) : nil
    }

    /// The `number`-th sequence of a training, from 0.
    /// - Complexity: O(T)
    public mutating func sequence(_ number: Int) -> TrainingSequence {
        if let (index, draw) = mixture?.draw(number) {
            let part = parts[index]
            let (epoch, place) = draw.quotientAndRemainder(dividingBy: part.count)
            return part.sequence(order(part.count, epoch, index + 1)[place], epoch: epoch)
        }
        let (epoch, place) = number.quotientAndRemainder(dividingBy: count)
        let chosen = order(count, epoch, 0)[place]
        let index = starts.partitioningIndex { $0 > chosen } - 1
        return parts[index].sequence(chosen - starts[index], epoch: epoch)
    }

    private func order(_ count: Int, _ epoch: Int, _ part: Int) -> Permutation {
        Permutation(count: count, key: mixed(key ^ mixed(UInt64(epoch) &+ UInt64(part) << 48)))
    }
}

/// Why there is no order of some data.
public enum SequenceOrderError: Error, Equatable, Sendable {
    case tooFewTokens(found: Int, needed: Int)
    case tooManyParts(found: Int, limit: Int)
    case invalidWeight(Double)
}
