/// How the recurrences with a matrix per head keep what their backward passes need.
///
/// All states would be N times the memory of the keys, so only every 16th is kept; the others are computed again from it
/// when the backward pass comes to them.
struct MatrixStates {
    /// The rows between two states that are kept.
    static let interval = 16

    let headSize: Int
    let headCount: Int
    let layout: SequenceLayout
    /// The states before rows 0, 16, 32, … of every sequence: `[chunks of all sequences · H, N·N]`.
    private let kept: Tensor
    private let firstChunks: [Int]

    init(_ tape: Tape, headSize: Int, headCount: Int, _ layout: SequenceLayout) {
        self.headSize = headSize
        self.headCount = headCount
        self.layout = layout
        var firstChunks: [Int] = []
        var count = 0
        for run in layout.runs {
            firstChunks.append(count)
            count += (run.count + Self.interval - 1) / Self.interval
        }
        self.firstChunks = firstChunks
        kept = tape.make(count * headCount, headSize * headSize)
    }

    /// The chunks of a sequence: rows, and where the state before them is kept for a head.
    func chunks(_ sequence: Int, head: Int) -> [(rows: Range<Int>, state: UnsafeMutablePointer<Float>)] {
        let run = layout.runs[sequence]
        return stride(from: run.lowerBound, to: run.upperBound, by: Self.interval).enumerated().map { index, row in
            (
                row..<min(row + Self.interval, run.upperBound),
                kept.row((firstChunks[sequence] + index) * headCount + head)
            )
        }
    }

    /// Walks a head's chunks of a sequence from last to first.
    /// - Parameters:
    ///   - advance: Moves a state past a row; what it reads goes to the second pointer, which nobody looks at. If there is
    ///     none, `body` computes the states after the first itself.
    ///   - body: Is given a chunk's rows, the states before each of them and after the last, and the gradient of the state
    ///     after them, which it turns into that of the state before.
    ///   - first: Is given the gradient of the state before the first row.
    func walkBack(
        _ sequence: Int, head: Int,
        advance: ((Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void)? = nil,
        body: (Range<Int>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void,
        first: (UnsafePointer<Float>) -> Void
    ) {
        let size = headSize * headSize
        withUnsafeTemporaryAllocation(of: Float.self, capacity: (Self.interval + 2) * size + headSize) { memory in
            guard let states = memory.baseAddress else { return }
            let adjoint = states + (Self.interval + 1) * size
            adjoint.update(repeating: 0, count: size)
            for (rows, kept) in chunks(sequence, head: head).reversed() {
                states.update(from: kept, count: size)
                if let advance {
                    for (index, row) in rows.enumerated() {
                        let next = states + (index + 1) * size
                        next.update(from: next - size, count: size)
                        advance(row, next, adjoint + size)
                    }
                }
                body(rows, states, adjoint)
            }
            first(adjoint)
        }
    }
}

extension Workspace {
    /// Runs `body` for every head of every sequence, shared among the threads.
    func parallelHeads(_ layout: SequenceLayout, headCount: Int, cost: Double, _ body: (Int, Int) -> Void) {
        let units = layout.runs.count * headCount
        parallel(units, cost: cost * Double(layout.rows) / Double(layout.runs.count)) { part in
            for unit in part { body(unit / headCount, unit % headCount) }
        }
    }
}
