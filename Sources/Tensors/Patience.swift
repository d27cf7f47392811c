#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// When a thread pool's caller had better work alone.
///
/// If a worker takes much longer for its last chunk than the caller took for each of its own, it has lost its processor to
/// another program, for a time slice of some milliseconds; as long as that program runs, it will happen again and again, and
/// each time the caller waits. So after such a wait the caller does without workers, first for 20 ms, then for twice as long
/// each time up to a second. When there was no such wait for twice as long, it is as at first.
struct Patience {
    /// A wait of so many seconds, besides a few chunks' time, is one for a worker without a processor.
    private static let limit = 0.000_5
    private static let chunkCount = 3.0
    private static let shortest = 0.02
    private static let longest = 1.0

    private var began = 0.0
    /// Until when a worker may take for its last chunk.
    private var deadline: Double?
    /// Until when the caller works alone; 0 if it does not.
    private var aloneUntil = 0.0
    private var pause = Patience.shortest
    /// When a pause that has not been followed by another wait is forgotten; 0 if there was none.
    private var forgottenAt = 0.0

    /// Whether the caller is to work alone now.
    var isExhausted: Bool {
        mutating get {
            guard aloneUntil > 0 else { return false }
            if now() < aloneUntil { return true }
            aloneUntil = 0
            return false
        }
    }

    /// Chunks are handed out.
    mutating func beginRegion() { began = now() }

    /// The caller has run `chunks` chunks and now waits for workers.
    mutating func beginWaiting(chunks: Int) {
        // Who has run none cannot tell how long one takes.
        guard chunks > 0 else { return }
        let time = now()
        deadline = time + Self.limit + Self.chunkCount * (time - began) / Double(chunks)
    }

    /// All chunks are finished.
    mutating func endRegion() {
        guard deadline != nil || forgottenAt > 0 else { return }
        let time = now()
        if let deadline, time > deadline {
            aloneUntil = time + pause
            forgottenAt = aloneUntil + 2 * pause
            pause = min(Self.longest, 2 * pause)
        } else if forgottenAt > 0, time > forgottenAt {
            (forgottenAt, pause) = (0, Self.shortest)
        }
        deadline = nil
    }

    private func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
