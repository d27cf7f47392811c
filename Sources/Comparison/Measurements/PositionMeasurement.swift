internal import LanguageModels
internal import Tensors

/// The loss of tokens at some positions of their window.
public struct PositionPoint: Codable, Sendable, Equatable {
    /// The first position, from 0, and the one after the last.
    public var first, end: Int
    /// The mean in nats per token.
    public var loss: Double
}

/// Measures the loss by the position in windows of a text, each read from the first state.
struct PositionMeasurement {
    let windowLength: Int
    let windowCount: Int

    func measure(
        _ model: LanguageModel, text: [Int32], on workspace: Workspace, isCancelled: () -> Bool
    ) throws(ModelError) -> [PositionPoint]? {
        var sums = [Double](repeating: 0, count: windowLength)
        let count = max(1, min(windowCount, (text.count - 1) / windowLength))
        for window in 0..<count {
            if isCancelled() { return nil }
            let start = (text.count - 1 - windowLength) * window / max(1, count - 1)
            let tape = Tape(on: workspace)
            var state = model.initialState()
            var position = 0
            while position < windowLength {
                let end = min(windowLength, position + 256)
                let range = start + position..<start + end
                let logits = try model(Array(text[range]), state: &state, wanted: .all, on: tape)
                let targets = Array(text[range.lowerBound + 1..<range.upperBound + 1])
                for (offset, loss) in tape.crossEntropies(logits, targets).enumerated() {
                    sums[position + offset] += Double(loss)
                }
                position = end
            }
        }
        return Self.bins(windowLength).map { bin in
            PositionPoint(
                first: bin.lowerBound, end: bin.upperBound,
                loss: bin.reduce(0.0) { $0 + sums[$1] } / Double(bin.count * count))
        }
    }

    /// Positions in ranges that grow: 0, 1, 2–3, 4–7, … , two to each power of two from 16 on.
    static func bins(_ length: Int) -> [Range<Int>] {
        var bins: [Range<Int>] = []
        var start = 0
        while start < length {
            let size = start < 2 ? 1 : start < 16 ? start : 1 << (Int.bitWidth - 2 - start.leadingZeroBitCount)
            let end = min(length, start + size)
            bins.append(start..<end)
            start = end
        }
        return bins
    }
}
