internal import RWKV

/// Times a token after a short text and after a long one, in turns, and looks at the memory in between.
final class LengthBench {
    /// What was seen after some tokens.
    struct Stop {
        /// The tokens read.
        let position: Int
        /// The bytes of the state, of what the computation has allocated, and of the process in memory.
        let stateByteCount: Int
        let workspaceByteCount: Int
        let residentByteCount: Int
        /// The best seconds of a token so far.
        fileprivate(set) var seconds = Double.infinity
        fileprivate let state: ModelState
    }

    private(set) var stops: [Stop] = []
    /// How much longer a token took after the long text than after the short one, in each round.
    private(set) var ratios: [Double] = []

    private let model: LanguageModel
    private let tape: Tape
    private let decodeLength: Int
    private static let chunkLength = 128

    init(_ model: LanguageModel, threadCount: Int, precision: Precision, decodeLength: Int) {
        self.model = model
        self.decodeLength = decodeLength
        tape = Tape(on: Workspace(threadCount: threadCount, precision: precision))
    }

    /// Reads a text as long as the last of `positions`, and stops at each; `progress` hears how far it is.
    func read(to positions: [Int], progress: (Int) -> Void) throws {
        var state = model.initialState()
        // What is allocated once is there before the first measurement: that of a full chunk, and of one token.
        var first = state
        for count in [Self.chunkLength, 1] { _ = try model(tokens(count, from: 0), state: &first, on: tape) }
        var position = 0
        for stop in positions {
            while position < stop {
                let count = stop - position < Self.chunkLength ? 1 : Self.chunkLength
                _ = try model(tokens(count, from: position), state: &state, on: tape)
                position += count
                progress(position)
            }
            stops.append(
                Stop(
                    position: position, stateByteCount: state.byteCount,
                    workspaceByteCount: tape.workspace.buffers.allocatedByteCount,
                    residentByteCount: ProcessMemory.resident, state: state))
        }
    }

    /// Decodes some tokens from each stop, one after the other.
    func round() throws {
        var seconds = try stops.map { stop in
            var state = stop.state
            _ = try model(tokens(1, from: 0), state: &state, on: tape)
            return try time {
                for i in 1...decodeLength { _ = try model(tokens(1, from: i), state: &state, on: tape) }
            } / Double(decodeLength)
        }
        for index in stops.indices { stops[index].seconds = min(stops[index].seconds, seconds[index]) }
        if let long = seconds.popLast(), let short = seconds.first { ratios.append(long / short) }
    }

    /// The median of the rounds' ratios; those of single rounds swing with whatever else the machine does.
    var ratio: Double { ratios.sorted()[ratios.count / 2] }

    private func tokens(_ count: Int, from position: Int) -> [Int32] {
        (position..<position + count).map(model.measuredToken)
    }
}
