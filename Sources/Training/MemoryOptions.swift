/// What a training does without memory that it does not have.
public struct MemoryOptions: Codable, Sendable, Equatable {
    /// The most sequences that are computed at once; the gradients of a step's passes are added up. If `nil`, as many as
    /// make some 1024 tokens: products of so many rows are as fast as longer ones, and what lies between them stays nearer.
    public var sequencesPerPass: Int?
    /// The tokens of a sequence through which gradients go back; the state is carried on from one segment to the next
    /// (known as infctx). The whole sequence if `nil`.
    public var segmentLength: Int?
    /// Whether blocks are computed a second time for the backward pass instead of being kept.
    public var recomputesBlocks = false

    public init() {}

    /// The most sequences of `length` tokens that are computed at once.
    func passLimit(length: Int) -> Int {
        sequencesPerPass ?? max(1, 1024 / max(1, min(segmentLength ?? .max, length)))
    }

    /// Of `count` sequences of `length` tokens, those that are computed at once: no more than the number of passes asks for.
    /// Ten sequences, eight at most, are twice five; eight and two would need memory of two sizes.
    func passSize(length: Int, count: Int) -> Int {
        let most = min(passLimit(length: length), max(1, count))
        let passes = max(1, (count + most - 1) / most)
        return max(1, (count + passes - 1) / passes)
    }
}
