internal import LanguageModels
internal import Tensors
internal import Tokenizers

/// One sequence in an engine: a prompt being read or an answer being written.
final class EngineStream {
    let call: EngineCall
    /// Which answer this writes; the prompt is read by the first one's stream.
    let answer: Int
    /// `nil` while a forward call has it.
    var state: ModelState?
    /// What the state has seen.
    private(set) var seen: [TokenID]
    /// What is to be read next: the rest of the prompt, or the token just written.
    private(set) var unread: ArraySlice<TokenID>
    /// The piece of `unread` that the present step reads.
    private(set) var piece: ArraySlice<TokenID> = []
    private(set) var isWriting: Bool
    var writer: TextWriter
    /// After the last token of `seen`; empty if they are not known.
    var logits: [Float] = []
    var promptReport: [TokenLogProbabilities] = []
    let cachedCount: Int
    /// What was written and not handed out yet.
    private var undelivered: [WrittenToken] = []
    /// The period of the last delivery, counted from `EngineCall.epoch`.
    private var deliveredPeriod: Int64?
    /// What went wrong while tokens were chosen.
    var failure: (any Error)?

    /// - Parameter known: A state after a beginning of the prompt.
    init(reading call: EngineCall, from known: StateSnapshot?) {
        self.call = call
        answer = 0
        writer = call.writers[0]
        state = known?.state ?? call.request.firstState ?? call.request.model.initialState()
        seen = known?.tokens ?? []
        seen.reserveCapacity(call.request.tokens.count + 64)
        unread = call.request.tokens[seen.count...]
        cachedCount = seen.count
        logits = unread.isEmpty ? known?.logits ?? [] : []
        isWriting = false
    }

    /// Another answer to the prompt that `first` has read.
    init(_ answer: Int, sharing first: EngineStream) {
        call = first.call
        self.answer = answer
        writer = first.call.writers[answer]
        state = first.state
        seen = first.seen
        unread = []
        cachedCount = first.cachedCount
        logits = first.logits
        isWriting = false
    }

    var model: LanguageModel { call.request.model }

    /// Whether there is something to read before the next token can be chosen.
    var isReading: Bool { !unread.isEmpty }

    /// How many tokens are to be read before the next one can be chosen.
    var unreadCount: Int { unread.count }

    /// Whether all logits of the prompt are wanted.
    var reportsPrompt: Bool { call.request.reportsPrompt && !isWriting }

    /// Plans to read up to `count` tokens in the coming step, and not past a boundary at which the state is kept.
    func plan(_ count: Int) {
        let end = min(seen.count + count, call.request.boundaries.first { $0 > seen.count } ?? .max)
        piece = isWriting ? unread : unread.prefix(end - seen.count)
    }

    /// Gives what the planned piece brings to a forward call.
    func takeChunk() -> SequenceChunk? {
        guard let taken = state.take() else { return nil }
        let wanted: SequenceChunk.Wanted = reportsPrompt ? .all : piece.count == unread.count ? .last : .none
        return SequenceChunk(tokens: Array(piece), state: taken, wanted: wanted)
    }

    /// The rows of logits that the planned piece gets.
    var wantedRows: Int { reportsPrompt ? piece.count : piece.count == unread.count ? 1 : 0 }

    /// The planned piece has been read: `rows` are the first of its rows in the logits.
    func finishPiece(_ newState: ModelState, _ output: Tensor, firstRow: Int) throws(SamplingError) {
        state = newState
        let wanted = wantedRows
        defer { piece = [] }
        if reportsPrompt {
            let next = call.request.tokens.dropFirst(seen.count + 1).prefix(piece.count)
            for (row, token) in next.enumerated() {
                promptReport.append(
                    try TokenLogProbabilities(
                        of: Int(token), in: Array(output.values(ofRow: firstRow + row)),
                        best: call.request.logProbabilityCount ?? 0))
            }
        }
        seen += piece
        unread = unread.dropFirst(piece.count)
        logits.removeAll(keepingCapacity: true)
        if unread.isEmpty, wanted > 0 { logits.append(contentsOf: output.values(ofRow: firstRow + wanted - 1)) }
    }

    /// Hands out what was written, if it is time to.
    /// - Parameter isEnd: Whether there will be no more.
    func deliver(at now: ContinuousClock.Instant, isEnd: Bool) {
        if undelivered.isEmpty { return }
        switch call.request.delivery {
        case .atOnce: break
        case .every(let length):
            let period = Int64((now - EngineCall.epoch) / length)
            if !isEnd, period == deliveredPeriod { return }
            deliveredPeriod = period
        case .atEnd: if !isEnd { return }
        }
        call.continuation.yield(.wrote(answer: answer, undelivered))
        undelivered = []
    }

    /// Chooses the next token and plans to read it. Several streams may do so at once.
    func write() {
        isWriting = true
        do {
            repeat {
                guard let step = try writer.write(from: logits) else { break }
                var report: TokenLogProbabilities?
                if let token = step.token {
                    if let count = call.request.logProbabilityCount {
                        report = try TokenLogProbabilities(of: Int(token), in: logits, best: count)
                    }
                    unread = [token]
                }
                undelivered.append(WrittenToken(token: step.token, text: step.text, logProbabilities: report))
                // The last token needs no reading: nothing follows it.
            } while writer.finishReason == nil && writer.isAtEnd
        } catch {
            failure = error
        }
    }

    /// The state as it stands, for whoever goes on from it.
    func snapshot() -> StateSnapshot? {
        state.map { StateSnapshot(tokens: seen, state: $0, logits: unread.isEmpty && !logits.isEmpty ? logits : nil) }
    }
}
