internal import Dispatch
internal import Synchronization

/// What the engine's callers and its thread share: new requests, counts, and whether to go on.
final class EngineInbox: Sendable {
    enum Mode { case open, finishing, closed }

    private struct Contents {
        var arrived: [EngineSubmission] = []
        var mode = Mode.open
        var counts = EngineCounts()
    }

    private let contents = Mutex(Contents())
    private let signal = DispatchSemaphore(value: 0)

    /// - Throws: `EngineError.queueFull`, `EngineError.closed`.
    func add(_ submission: EngineSubmission, limit: Int) throws(EngineError) {
        let refusal: EngineError? = contents.withLock { contents in
            if contents.mode != .open { return .closed }
            if contents.counts.waiting >= limit {
                contents.counts.refused += 1
                return .queueFull(limit: limit)
            }
            contents.arrived.append(submission)
            contents.counts.waiting += 1
            contents.counts.accepted += 1
            return nil
        }
        if let refusal { throw refusal }
        wake()
    }

    /// The requests that have come since the last call.
    func take() -> (submissions: [EngineSubmission], mode: Mode) {
        contents.withLock { contents in
            defer { contents.arrived = [] }
            return (contents.arrived, contents.mode)
        }
    }

    func close(finishing: Bool) {
        contents.withLock { $0.mode = finishing && $0.mode != .closed ? .finishing : .closed }
        wake()
    }

    func wake() { signal.signal() }

    /// Waits until something has come or changed.
    func wait() { signal.wait() }

    var counts: EngineCounts { contents.withLock { $0.counts } }

    func count(_ change: (inout EngineCounts) -> Void) { contents.withLock { change(&$0.counts) } }
}
