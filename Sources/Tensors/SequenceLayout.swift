/// Which rows of a ragged batch belong to which sequence.
///
/// A forward pass sees all rows as one `[rows, C]`; only what looks back in time (token shift, the recurrence) asks where
/// a sequence begins.
public struct SequenceLayout: Sendable, Equatable {
    /// The rows of each sequence, in order and without gaps.
    public let runs: [Range<Int>]

    /// - Parameter lengths: How many rows each sequence has; at least one.
    public init(lengths: [Int]) {
        var runs: [Range<Int>] = []
        var start = 0
        for length in lengths {
            precondition(length > 0, "a sequence has at least one row")
            runs.append(start..<start + length)
            start += length
        }
        self.runs = runs
    }

    /// The number of rows of all sequences.
    public var rows: Int { runs.last?.upperBound ?? 0 }
}

/// One slot of the state of every sequence in a batch: where each keeps, say, the last row that a token shift saw.
///
/// Ops read it and leave behind what the next chunk of the sequence will need.
public struct StateSlot {
    let pointers: [UnsafeMutablePointer<Float>]

    /// - Parameter pointers: One per sequence, each with room for the slot's elements.
    public init(_ pointers: [UnsafeMutablePointer<Float>]) { self.pointers = pointers }
}
