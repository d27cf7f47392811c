internal import Tensors
public import TrainingData

/// Says which sequences each step sees.
///
/// A step's batch depends on the data, the seed and the step alone, so a resumed run needs no cursor but the step's number.
public struct BatchSampler: Sendable {
    private var order: SequenceOrder
    private let batchSize: Int

    /// The sequences of one epoch.
    public var windowCount: Int { order.count }

    /// - Throws: `TrainingError.tooFewTokens` unless there is a sequence in each part of the data; `contextLength` + 1 tokens
    ///   make one where they are cut into windows.
    public init(_ data: TrainingSet, batchSize: Int, contextLength: Int, seed: UInt64) throws(TrainingError) {
        self.batchSize = batchSize
        do throws(SequenceOrderError) {
            order = try SequenceOrder(data, contextLength: contextLength, seed: seed)
        } catch {
            switch error {
            case .tooFewTokens(let found, let needed): throw .tooFewTokens(found: found, needed: needed)
            case .tooManyParts(let found, let limit):
                throw .invalidOption(
                    what: "number of files with weights", found: "\(found)", needed: "at most \(limit)")
            case .invalidWeight(let weight):
                throw .invalidOption(what: "weight of a file", found: "\(weight)", needed: "above 0 and finite")
            }
        }
    }

    /// - Parameter tokens: The whole training text; documents end with token 0.
    public init(_ tokens: [Int32], batchSize: Int, contextLength: Int, seed: UInt64) throws(TrainingError) {
        try self.init(TrainingSet(tokens: tokens), batchSize: batchSize, contextLength: contextLength, seed: seed)
    }

    /// The most targets in a sequence.
    var longest: Int { order.longest }

    /// The mean number of targets in a sequence.
    var meanLength: Double { order.meanLength }

    /// The sequences of a step (from 0).
    public mutating func batch(step: Int) -> [TrainingSequence] {
        (0..<batchSize).map { order.sequence(step * batchSize + $0) }
    }

    /// The epochs that `steps` steps amount to.
    public func epochs(steps: Int) -> Double { Double(steps * batchSize) / Double(windowCount) }

    /// The steps that see as many sequences as `epochs` epochs have.
    public func steps(epochs: Double) -> Int {
        max(1, Int((epochs * Double(windowCount) / Double(batchSize)).rounded(.up)))
    }
}

extension TrainingSequence {
    var targetCount: Int { max(0, tokens.count - 1) }

    /// The beginning, with `count` targets at most.
    func prefix(_ count: Int) -> TrainingSequence {
        TrainingSequence(tokens: Array(tokens.prefix(count + 1)), counted: counted.map { Array($0.prefix(count)) })
    }

    /// The sequence with exactly `count` targets, all of which count, for trying out what that takes: it is repeated where it
    /// is too short.
    func stretched(to count: Int) -> TrainingSequence {
        TrainingSequence(tokens: (0...count).map { tokens[$0 % tokens.count] })
    }

    /// What the model reads.
    var inputs: [Int32] { Array(tokens.dropLast()) }

    /// What it is to say after each input; `Tape.ignoredTarget` where that does not count.
    var targets: [Int32] {
        guard let counted else { return Array(tokens.dropFirst()) }
        return zip(tokens.dropFirst(), counted).map { $1 ? $0 : Tape.ignoredTarget }
    }
}
