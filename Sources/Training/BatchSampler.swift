internal import Tensors

/// Says which tokens each step sees: every epoch cuts the data into windows at a new offset and shuffles them.
///
/// A step's batch depends on the seed and the step alone, so a resumed run needs no cursor but the step's number.
public struct BatchSampler: Sendable {
    private let tokens: [Int32]
    private let batchSize: Int
    private let contextLength: Int
    private let seed: UInt64
    private var epoch = -1
    private var phase = 0
    private var order: [Int] = []

    /// The windows of one epoch.
    public let windowCount: Int

    /// - Parameter tokens: The whole training text; documents end with token 0.
    /// - Throws: `TrainingError.tooFewTokens` unless there is one window of `contextLength` + 1.
    public init(_ tokens: [Int32], batchSize: Int, contextLength: Int, seed: UInt64) throws(TrainingError) {
        guard tokens.count > contextLength else {
            throw .tooFewTokens(found: tokens.count, needed: contextLength + 1)
        }
        self.tokens = tokens
        self.batchSize = batchSize
        self.contextLength = contextLength
        self.seed = seed
        // One window less than fits leaves room for the offset; every epoch then has the same number.
        windowCount = max(1, (tokens.count - 1) / contextLength - 1)
    }

    /// The windows of a step (from 0), each of `contextLength` + 1 tokens: inputs and, one further on, targets.
    public mutating func batch(step: Int) -> [ArraySlice<Int32>] {
        (0..<batchSize).map { row in
            let (epoch, position) = (step * batchSize + row).quotientAndRemainder(dividingBy: windowCount)
            if epoch != self.epoch { shuffle(epoch) }
            let start = phase + order[position] * contextLength
            return tokens[start...start + contextLength]
        }
    }

    /// The epochs that `steps` steps amount to.
    public func epochs(steps: Int) -> Double { Double(steps * batchSize) / Double(windowCount) }

    /// The steps that see the data `epochs` times.
    public func steps(epochs: Double) -> Int {
        max(1, Int((epochs * Double(windowCount) / Double(batchSize)).rounded(.up)))
    }

    private mutating func shuffle(_ epoch: Int) {
        var random = RandomNumbers(seed: seed, stream: UInt64(epoch) + 1)
        self.epoch = epoch
        phase = random.below(tokens.count - windowCount * contextLength)
        order = Array(0..<windowCount)
        for i in stride(from: windowCount - 1, to: 0, by: -1) { order.swapAt(i, random.below(i + 1)) }
    }
}
