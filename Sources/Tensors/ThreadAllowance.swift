/// How many of a pool's threads had better work, so that with other programs on the machine a pool is not slower than one
/// thread.
///
/// There are two signs that threads want more processors than there are. A worker takes much longer for its last chunk than
/// the caller took for each of its own: it has lost its processor to another program, for a time slice of some milliseconds,
/// and the caller waits. That happens now and then on a quiet machine too, so it counts only if more than an eighth of the
/// time is lost so: a thread less loses more. Or the caller is taken off its own processor again and again: on a busy machine
/// a program's threads share what one thread would get, and threads that wait for each other make little of it.
///
/// After either, one thread less works, first for 20 ms, then for four times as long each time up to a second; then
/// one more is tried. When there was no such sign for twice as long, it is as at first.
package struct ThreadAllowance {
    /// The processor time that a thread has had, in seconds, and how often it lost its processor to another thread.
    package struct Usage {
        package var seconds: Double
        package var preemptions: Int

        package init(seconds: Double, preemptions: Int) {
            self.seconds = seconds
            self.preemptions = preemptions
        }
    }

    /// How many threads work, the caller included.
    package private(set) var current: Int

    private let threadCount: Int

    /// A wait of so many seconds, besides a few chunks' time, is one for a worker without a processor.
    private static let lateness = 0.000_5
    private static let chunkCount = 3.0
    /// Late workers may cost this share of the time, and so many seconds beyond it at once.
    private static let bearableShare = 0.12
    private static let bearableSeconds = 0.006
    private static let shortestPause = 0.02
    private static let longestPause = 1.0
    /// How long the caller is watched, in seconds: some time slices. After a longer time it has been at something else.
    private static let watch = 0.03...0.25
    /// The share of the time for which a caller without rivals has its processor, and more. One that waits for input has it
    /// for less, but is not taken off it.
    private static let freeShare = 0.8
    private static let rivalPreemptions = 2

    private var began = 0.0
    /// Until when a worker may take for its last chunk.
    private var deadline: Double?
    /// What late workers have cost beyond the bearable share, at the time of the last of them.
    private var lost = (seconds: 0.0, time: 0.0)
    private var pause = ThreadAllowance.shortestPause
    /// When one thread more is tried.
    private var retryAt = Double.infinity
    /// When all threads work again and the pauses are short again.
    private var forgottenAt = Double.infinity
    private var watched: (time: Double, usage: Usage)?

    package init(threadCount: Int) {
        self.threadCount = threadCount
        current = threadCount
    }

    /// Work for some threads is there at `time`.
    /// - Parameter usage: What the caller has had; `nil` where the system does not say. Asked for now and then.
    package mutating func beginRegion(at time: Double, usage: () -> Usage?) {
        began = time
        if time >= forgottenAt {
            (current, pause) = (threadCount, Self.shortestPause)
            (retryAt, forgottenAt, watched) = (.infinity, .infinity, nil)
        } else if time >= retryAt, current < threadCount {
            current += 1
            (retryAt, watched) = (time + pause, nil)
        }
        if current > 1 { watchCaller(at: time, usage) }
    }

    /// The caller has run `chunks` chunks at `time` and now waits for workers.
    package mutating func beginWaiting(chunks: Int, at time: Double) {
        // Who has run none cannot tell how long one takes.
        guard chunks > 0 else { return }
        deadline = time + Self.lateness + Self.chunkCount * (time - began) / Double(chunks)
    }

    /// Whether `endRegion` wants to be told.
    package var isWaiting: Bool { deadline != nil }

    /// All chunks are finished at `time`.
    package mutating func endRegion(at time: Double) {
        if let deadline, time > deadline {
            let borne = Self.bearableShare * (time - lost.time)
            lost = (max(0, lost.seconds - borne) + time - deadline, time)
            if lost.seconds > Self.bearableSeconds { reduce(at: time) }
        }
        deadline = nil
    }

    private mutating func watchCaller(at time: Double, _ usage: () -> Usage?) {
        guard let last = watched else {
            watched = usage().map { (time, $0) }
            return
        }
        let seconds = time - last.time
        guard seconds >= Self.watch.lowerBound else { return }
        watched = usage().map { (time, $0) }
        guard let now = watched?.usage, seconds <= Self.watch.upperBound else { return }
        let hasRivals = now.preemptions - last.usage.preemptions >= Self.rivalPreemptions
        if hasRivals, now.seconds - last.usage.seconds < Self.freeShare * seconds { reduce(at: time) }
    }

    private mutating func reduce(at time: Double) {
        current = max(1, current - 1)
        retryAt = time + pause
        forgottenAt = retryAt + 2 * pause
        pause = min(Self.longestPause, 4 * pause)
        watched = nil
        lost.seconds = 0
    }
}
