/// What a training does without memory that it does not have.
public struct MemoryOptions: Codable, Sendable, Equatable {
    /// The sequences that are computed at once; the gradients of a step's passes are added up. All at once if `nil`.
    public var sequencesPerPass: Int?
    /// The tokens of a sequence through which gradients go back; the state is carried on from one segment to the next
    /// (known as infctx). The whole sequence if `nil`.
    public var segmentLength: Int?
    /// Whether blocks are computed a second time for the backward pass instead of being kept.
    public var recomputesBlocks = false

    public init() {}
}
