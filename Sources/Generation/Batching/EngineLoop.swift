internal import LanguageModels
internal import Tensors

/// The engine's thread: admits requests, runs steps, hands out what they give.
final class EngineLoop {
    private let inbox: EngineInbox
    private let limits: EngineLimits
    private let cache: (any PrefixStore)?
    private let workspace: Workspace
    private let tape: Tape
    private var waiting: [EngineCall] = []
    private var streams: [EngineStream] = []
    /// Whose turn it is, if there are several models.
    private var lastModel: ObjectIdentifier?
    private var turn = 0

    init(_ inbox: EngineInbox, _ limits: EngineLimits, _ cache: (any PrefixStore)?, on workspace: Workspace) {
        self.inbox = inbox
        self.limits = limits
        self.cache = cache
        self.workspace = workspace
        tape = Tape(on: workspace)
    }

    /// Runs until the engine is closed.
    func run() {
        while true {
            let (arrived, mode) = inbox.take()
            waiting += arrived.map(EngineCall.init)
            if mode == .closed {
                for call in waiting + streams.map(\.call) { end(call, EngineError.closed) }
                inbox.count { ($0.waiting, $0.running) = (0, 0) }
                return
            }
            dropWhatIsOver()
            admit()
            if let model = nextModel() {
                step(model)
            } else if mode == .finishing && waiting.isEmpty {
                return
            } else if waiting.isEmpty {
                inbox.wait()
            }
        }
    }

    /// Ends what its client has left and what is too late.
    private func dropWhatIsOver() {
        let now = ContinuousClock.now
        for call in waiting + streams.map(\.call) where !call.isOver {
            if call.isAbandoned {
                call.isOver = true
                call.continuation.finish(throwing: CancellationError())
                inbox.count { $0.cancelled += 1 }
            } else if call.isExpired(at: now) {
                let written = streams.reduce(0) { $0 + ($1.call === call ? $1.writer.tokens.count : 0) }
                end(call, EngineError.deadlineExceeded(tokensWritten: written))
            }
        }
        let before = waiting.count
        waiting.removeAll { $0.isOver }
        streams.removeAll { $0.call.isOver }
        let (dropped, running) = (before - waiting.count, streams.count)
        inbox.count { counts in
            counts.waiting -= dropped
            counts.running = running
        }
    }

    /// Begins with requests that wait, as far as there is room for their answers.
    private func admit() {
        while let call = waiting.first {
            // A prompt takes the place of its answers from the beginning.
            let taken = streams.reduce(0) { $0 + ($1.isReading && $1.answer == 0 ? $1.call.openAnswers : 1) }
            guard streams.isEmpty || taken + call.request.answers.count <= limits.streams else { return }
            waiting.removeFirst()
            begin(call)
        }
    }

    private func begin(_ call: EngineCall) {
        let known = knownBeginning(of: call.request)
        let stream = EngineStream(reading: call, from: known)
        streams.append(stream)
        let reused = stream.cachedCount
        inbox.count { counts in
            counts.waiting -= 1
            counts.tokensReused += reused
        }
        if !stream.isReading {
            let begun = beginAnswers(stream)
            streams += begun.dropFirst()
            write(begun)
        }
    }

    private func knownBeginning(of request: GenerationRequest) -> StateSnapshot? {
        if request.reportsPrompt { return nil }
        let own = request.snapshots.filter { snapshot in
            snapshot.tokens.count < request.tokens.count + (snapshot.logits == nil ? 0 : 1)
                && !snapshot.tokens.isEmpty && request.tokens.starts(with: snapshot.tokens)
                && snapshot.state.layout == request.model.stateLayout
        }.max { $0.tokens.count < $1.tokens.count }
        guard let cache, let space = request.cacheSpace,
            let shared = cache.longestPrefix(of: request.tokens, in: space),
            shared.tokens.count > own?.tokens.count ?? 0, shared.state.layout == request.model.stateLayout
        else { return own }
        return shared
    }

    /// The model whose requests go on now: each in turn.
    private func nextModel() -> ObjectIdentifier? {
        let models = streams.map { ObjectIdentifier($0.model) }
        guard let first = models.first else { return nil }
        guard let lastModel, let place = models.lastIndex(of: lastModel) else { return first }
        // The next stream of another model after the last one of that model, or else the same again.
        let others = models[(place + 1)...].first { $0 != lastModel } ?? models.first { $0 != lastModel }
        return others ?? lastModel
    }

    private func step(_ model: ObjectIdentifier) {
        let began = ContinuousClock.now
        lastModel = model
        let active = plan(streams.filter { ObjectIdentifier($0.model) == model })
        guard let first = active.first else { return }
        var chunks = active.compactMap { $0.takeChunk() }
        let readRows = active.reduce(0) { $0 + ($1.isWriting ? 0 : $1.piece.count) }
        let rows = chunks.reduce(0) { $0 + $1.tokens.count }
        var row = 0
        var ready: [EngineStream] = []
        do {
            let logits = try first.model(&chunks, on: tape)
            for (stream, chunk) in zip(active, chunks) {
                let count = stream.wantedRows
                do {
                    try stream.finishPiece(chunk.state, logits, firstRow: row)
                } catch {
                    end(stream.call, error)
                }
                row += count
                if !stream.isWriting { keepState(of: stream) }
                if !stream.isReading && !stream.call.isOver { ready.append(stream) }
            }
            chunks = []
        } catch {
            // Requests are checked before they get here, so this is the whole batch's failure.
            for stream in active { end(stream.call, error) }
        }
        for stream in ready where !stream.isWriting {
            let begun = beginAnswers(stream)
            streams += begun.dropFirst()
            ready += begun.dropFirst()
        }
        write(ready)
        streams.removeAll { $0.call.isOver }
        let seconds = (ContinuousClock.now - began).seconds
        inbox.count { counts in
            counts.steps += 1
            counts.rows += rows
            counts.tokensRead += readRows
            counts.busySeconds += seconds
        }
    }

    /// Shares the step's rows out: answers get one each, and prompts an equal part of the rest, so that a short prompt
    /// does not wait for a long one.
    private func plan(_ candidates: [EngineStream]) -> [EngineStream] {
        let writing = candidates.filter(\.isWriting)
        for stream in writing { stream.plan(1) }
        var reading = candidates.filter { !$0.isWriting }
        // If there are more prompts than rows, another one is first each time.
        turn = reading.isEmpty ? 0 : (turn + 1) % reading.count
        reading = Array(reading[turn...] + reading[..<turn])
        var room = max(1, writing.isEmpty ? limits.quietPromptRows : limits.promptRows)
        var planned: [EngineStream] = []
        let byLength = reading.enumerated().sorted {
            ($0.element.unreadCount, $0.offset) < ($1.element.unreadCount, $1.offset)
        }
        for (place, entry) in byLength.enumerated() {
            let share = (room + byLength.count - place - 1) / (byLength.count - place)
            guard share > 0 else { break }
            entry.element.plan(share)
            room -= entry.element.piece.count
            planned.append(entry.element)
        }
        return writing + planned
    }

    /// Keeps the state where others may go on from it: at the end of the prompt and at its boundaries.
    private func keepState(of stream: EngineStream) {
        guard let cache, let space = stream.call.request.cacheSpace else { return }
        let isBoundary = stream.call.request.boundaries.contains(stream.seen.count)
        guard !stream.isReading || isBoundary, let snapshot = stream.snapshot() else { return }
        cache.insert(snapshot, in: space)
    }

    /// The prompt has been read: reports it, and gives the streams of all answers, the prompt's own first.
    private func beginAnswers(_ stream: EngineStream) -> [EngineStream] {
        let call = stream.call
        call.continuation.yield(
            .read(
                PromptReport(
                    tokenCount: call.request.tokens.count, cachedCount: stream.cachedCount,
                    logProbabilities: stream.promptReport)))
        return [stream] + (1..<max(1, call.request.answers.count)).map { EngineStream($0, sharing: stream) }
    }

    /// Chooses the next token of each stream, on all threads: with a large vocabulary that takes a while.
    private func write(_ ready: [EngineStream]) {
        let before = ready.reduce(0) { $0 + $1.writer.tokens.count }
        workspace.threads.run(chunks: ready.count) { ready[$0].write() }
        let written = ready.reduce(0) { $0 + $1.writer.tokens.count } - before
        inbox.count { $0.tokensWritten += written }
        let now = ContinuousClock.now
        for stream in ready where !stream.call.isOver {
            stream.deliver(at: now, isEnd: stream.failure != nil || stream.writer.finishReason != nil)
            if let failure = stream.failure {
                end(stream.call, failure)
            } else if let reason = stream.writer.finishReason {
                finish(stream, reason)
            }
        }
        streams.removeAll { $0.writer.finishReason != nil || $0.call.isOver }
    }

    private func finish(_ stream: EngineStream, _ reason: FinishReason) {
        let call = stream.call
        guard let snapshot = stream.snapshot() else { return end(call, EngineError.closed) }
        if let cache, let space = call.request.cacheSpace, stream.writer.tokens.count > 1 {
            cache.insert(snapshot, in: space)
        }
        call.continuation.yield(
            .ended(
                answer: stream.answer,
                GenerationEnd(
                    reason: reason, tokens: stream.writer.tokens, snapshot: snapshot, seed: stream.writer.seed)))
        call.openAnswers -= 1
        if call.openAnswers == 0 { end(call, nil) }
    }

    /// Ends a request, with what went wrong if anything did.
    private func end(_ call: EngineCall, _ error: (any Error)?) {
        guard !call.isOver else { return }
        call.isOver = true
        let now = ContinuousClock.now
        for stream in streams where stream.call === call { stream.deliver(at: now, isEnd: true) }
        inbox.count { counts in
            if error == nil { counts.finished += 1 } else { counts.failed += 1 }
        }
        call.continuation.finish(throwing: error)
    }
}

extension Duration {
    fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
