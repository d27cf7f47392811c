public import Tensors

/// Tokens to be read from the model's first state, and those to be predicted after the last of them.
public struct ScoringRequest: Sendable, Equatable {
    /// What is read, at least one token.
    public let inputs: [Int32]
    /// What follows the last `targets.count` inputs, one for each.
    public let targets: [Int32]

    public init(inputs: [Int32], targets: [Int32]) {
        precondition(targets.count <= inputs.count, "\(targets.count) targets for \(inputs.count) inputs")
        self.inputs = inputs
        self.targets = targets
    }

    /// Every token of a text, with token 0 read before the first one: between documents it stands for their ends.
    public init(text tokens: [Int32]) {
        self.init(inputs: [0] + tokens.dropLast(), targets: tokens.isEmpty ? [] : tokens)
    }
}

/// What a model thought of a token.
public struct TokenScore: Sendable, Equatable {
    /// −log probability, in nats.
    public let nats: Float
    /// Whether it is the most probable token, of equals the one with the lowest id; `false` if nobody asked.
    public let isBest: Bool
}

/// Measures how probable a model finds given tokens, over many texts at a time.
///
/// Short texts share a forward call and long ones take several: the scores are the same bits either way.
public struct TokenScorer {
    private let model: LanguageModel
    private let workspace: Workspace
    private let sequenceLimit: Int

    /// The rows of a forward call: enough for matrix products at full speed.
    private static let rowLimit = 512

    public init(_ model: LanguageModel, on workspace: Workspace) {
        self.model = model
        self.workspace = workspace
        // Every text of a call brings a state, which may be many megabytes.
        sequenceLimit = min(64, max(1, (256 << 20) / max(1, model.initialState().byteCount)))
    }

    /// Scores the requests' targets.
    /// - Parameters:
    ///   - asksForBest: Whether to find out which targets are the most probable token, which reads all logits once more.
    ///   - progress: Is told after each forward call how many inputs have been read.
    ///   - body: Is given each request's scores, in the order of the requests.
    /// - Throws: `ModelError` for a request without inputs or a token outside the vocabulary; the requests before it may
    ///   then have been scored.
    /// - Complexity: O(inputs) for a given model; memory does not grow with the number of requests.
    public func score(
        _ requests: some Sequence<ScoringRequest>, asksForBest: Bool = false, progress: (Int) -> Void = { _ in },
        _ body: (_ index: Int, _ scores: [TokenScore]) -> Void
    ) throws(ModelError) {
        var iterator = requests.makeIterator()
        var unfinished: Reading?
        var (index, inputsRead) = (0, 0)
        let tape = Tape(on: workspace)
        while true {
            var batch: [Reading] = []
            var rows = 0
            while rows < Self.rowLimit, batch.count < sequenceLimit {
                if unfinished == nil, let request = iterator.next() {
                    try check(request)
                    unfinished = Reading(index: index, request: request, state: model.initialState())
                    index += 1
                }
                guard var reading = unfinished else { break }
                reading.take(atMost: Self.rowLimit - rows)
                rows += reading.chunk.count
                batch.append(reading)
                unfinished = nil
            }
            if batch.isEmpty { return }
            try advance(&batch, asksForBest, on: tape)
            inputsRead += rows
            progress(inputsRead)
            for reading in batch {
                // Only the last of a batch can have been cut off.
                if reading.isFinished { body(reading.index, reading.scores) } else { unfinished = reading }
            }
        }
    }

    /// Scores one request's targets.
    public func score(
        _ request: ScoringRequest, asksForBest: Bool = false, progress: (Int) -> Void = { _ in }
    ) throws(ModelError) -> [TokenScore] {
        var scores: [TokenScore] = []
        try score(CollectionOfOne(request), asksForBest: asksForBest, progress: progress) { scores = $1 }
        return scores
    }

    private func advance(_ batch: inout [Reading], _ asksForBest: Bool, on tape: Tape) throws(ModelError) {
        var chunks = batch.map { reading in
            SequenceChunk(
                tokens: Array(reading.request.inputs[reading.chunk]), state: reading.state,
                wanted: .suffix(reading.targets.count))
        }
        // The chunks must be the only owners of the states, or moving them on would copy them.
        for i in batch.indices { batch[i].state = .lent }
        let logits = try model(&chunks, on: tape)
        let targets = batch.flatMap(\.targets)
        let losses = targets.isEmpty ? [] : tape.crossEntropies(logits, targets)
        var row = 0
        for i in batch.indices {
            batch[i].state = chunks[i].state
            for target in batch[i].targets {
                let isBest = asksForBest && isGreatest(Int(target), in: logits.values(ofRow: row))
                batch[i].scores.append(TokenScore(nats: losses[row], isBest: isBest))
                row += 1
            }
        }
    }

    private func isGreatest(_ index: Int, in logits: TensorValues) -> Bool {
        logits.withValues { x in
            let own = x[index]
            return !(0..<index).contains { x[$0] >= own } && !(index..<x.count).contains { x[$0] > own }
        }
    }

    private func check(_ request: ScoringRequest) throws(ModelError) {
        if request.inputs.isEmpty { throw .noTokens }
        let vocabularySize = model.configuration.vocabularySize
        let first = request.inputs.count - request.targets.count
        for (tokens, offset) in [(request.inputs, 0), (request.targets, first)] {
            if let position = tokens.firstIndex(where: { $0 < 0 || $0 >= vocabularySize }) {
                throw .tokenOutOfRange(
                    token: tokens[position], position: offset + position, vocabularySize: vocabularySize)
            }
        }
    }

    /// How far a request has been read.
    private struct Reading {
        let index: Int
        let request: ScoringRequest
        var state: ModelState
        /// The inputs of the present forward call.
        var chunk = 0..<0
        var scores: [TokenScore] = []

        init(index: Int, request: ScoringRequest, state: ModelState) {
            self.index = index
            self.request = request
            self.state = state
        }

        mutating func take(atMost count: Int) {
            chunk = chunk.upperBound..<min(request.inputs.count, chunk.upperBound + count)
        }

        var isFinished: Bool { chunk.upperBound == request.inputs.count }

        /// What follows the inputs of the present call, as far as it is asked for.
        var targets: ArraySlice<Int32> {
            let first = request.inputs.count - request.targets.count
            let rows = chunk.clamped(to: first..<request.inputs.count)
            return request.targets[rows.lowerBound - first..<rows.upperBound - first]
        }
    }
}
