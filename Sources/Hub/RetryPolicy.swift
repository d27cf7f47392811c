/// How often to try again and how long to wait before.
struct RetryPolicy: Sendable {
    let limits: HubLimits
    let onEvent: @Sendable (HubEvent) -> Void
    private var failures = 0

    init(_ limits: HubLimits, onEvent: @escaping @Sendable (HubEvent) -> Void) {
        self.limits = limits
        self.onEvent = onEvent
    }

    /// Bytes came: what failed before is forgotten.
    mutating func succeed() { failures = 0 }

    /// Waits before the next attempt.
    /// - Throws: `error` itself if another attempt makes no sense or there were enough; `HubError.cancelled`.
    mutating func wait(after error: HubError) async throws(HubError) {
        failures += 1
        var seconds = limits.firstPause
        for _ in 1..<failures { seconds = min(2 * seconds, limits.longestPause) }
        if let wanted = error.retryAfter { seconds = wanted }
        guard error.isTransient, failures < limits.attempts, seconds <= limits.longestPause else { throw error }
        onEvent(.waiting(reason: error, seconds: seconds))
        do {
            try await Task.sleep(for: .milliseconds(Int64(seconds * 1000)))
        } catch {
            throw .cancelled
        }
    }
}

/// Notices a server that sends just enough not to be silent.
struct SpeedGuard {
    private let limits: HubLimits
    private let host: String
    private var begin = ContinuousClock.now
    private var byteCount = 0

    init(_ limits: HubLimits, host: String) {
        self.limits = limits
        self.host = host
    }

    /// Counts bytes that came.
    /// - Throws: `HubError.tooSlow`.
    mutating func add(_ count: Int) throws(HubError) {
        byteCount += count
        let elapsed = ContinuousClock.now - begin
        guard elapsed >= .seconds(limits.slowSeconds) else { return }
        if byteCount < limits.slowByteCount {
            throw .tooSlow(host: host, byteCount: byteCount, seconds: limits.slowSeconds)
        }
        begin = .now
        byteCount = 0
    }
}
