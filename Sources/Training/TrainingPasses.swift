/// How a step's sequences are cut into what is computed at a time.
///
/// A pass is a few sequences (gradient accumulation); its segments are read one after the other, with the state carried
/// from each to the next, and gradients go back to the beginning of a segment only (truncated back-propagation through
/// time). So memory depends on the tokens of a segment of a pass, and not on those of a step.
struct TrainingPasses: Sequence {
    struct Pass {
        let index: Int
        let segments: [Segment]
    }

    /// Of every sequence of a pass the tokens of a segment, with their targets; none where a sequence has ended.
    struct Segment {
        let inputs: [[Int32]]
        let targets: [[Int32]]
    }

    private let sequences: [(inputs: [Int32], targets: ArraySlice<Int32>)]
    private let perPass: Int
    private let segmentLength: Int

    /// - Parameters:
    ///   - inputs: The sequences.
    ///   - targets: One for each input, of all sequences one after the other.
    init(_ inputs: [[Int32]], _ targets: [Int32], _ options: MemoryOptions) {
        var start = 0
        var sequences: [(inputs: [Int32], targets: ArraySlice<Int32>)] = []
        for sequence in inputs {
            sequences.append((sequence, targets[start..<start + sequence.count]))
            start += sequence.count
        }
        self.sequences = sequences
        let longest = Swift.max(1, inputs.map(\.count).max() ?? 1)
        perPass = options.passSize(length: longest, count: sequences.count)
        segmentLength = options.segmentLength ?? longest
    }

    func makeIterator() -> some IteratorProtocol<Pass> {
        stride(from: 0, to: sequences.count, by: perPass).lazy.map { start in
            let part = sequences[start..<Swift.min(start + perPass, sequences.count)]
            let longest = part.map(\.inputs.count).max() ?? 0
            let segments = stride(from: 0, to: longest, by: segmentLength).map { offset in
                Segment(
                    inputs: part.map { Array($0.inputs.dropFirst(offset).prefix(segmentLength)) },
                    targets: part.map { Array($0.targets.dropFirst(offset).prefix(segmentLength)) })
            }
            return Pass(index: start / perPass, segments: segments)
        }.makeIterator()
    }
}
