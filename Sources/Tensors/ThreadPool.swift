internal import CKernels
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A fixed set of threads that split loops with their caller.
///
/// A region costs a fraction of a microsecond: workers spin for a short while after each one before they sleep. Chunks
/// are claimed one by one, and the caller claims too, so a worker that the operating system holds up delays nobody: what
/// it has not claimed, the others do. While other programs want the processors too, fewer threads work, as
/// `ThreadAllowance` has it: on a busy machine a pool is not slower than one thread.
///
/// One caller at a time; the pool belongs to a `Workspace`, which is not shared between threads.
public final class ThreadPool: @unchecked Sendable {
    /// The number of threads that work on a region, the caller included.
    public let threadCount: Int

    // The upper half counts regions, the lower half the chunks still unclaimed. A claim is one compare-and-swap on the
    // whole word, so a late worker can never claim a chunk of a region that it did not mean.
    private let word = Atomic<UInt64>(0)
    private let finished = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let stopping = Atomic<Bool>(false)

    // What the current region does. Written before the region is published in `word`, read only after a claim in it.
    private let total = Atomic<Int>(0)
    private let body = Atomic<UInt>(0)

    // How many threads work, the caller included. The others wait for `allowance`.
    private let allowed: Atomic<Int>

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    // A thread more is allowed.
    private let allowance: UnsafeMutablePointer<pthread_cond_t>
    private var threads: [pthread_t] = []
    // The caller's own.
    private var threadAllowance: ThreadAllowance

    /// How often a worker looks for work before it sleeps: some tens of microseconds.
    private static let spins = 4_000

    /// - Parameter threadCount: At least one; one means that everything runs on the caller.
    public init(threadCount: Int = ThreadPool.processorCount) {
        self.threadCount = max(1, threadCount)
        threadAllowance = ThreadAllowance(threadCount: max(1, threadCount))
        allowed = Atomic(max(1, threadCount))
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        allowance = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        condition.initialize(to: pthread_cond_t())
        allowance.initialize(to: pthread_cond_t())
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        pthread_cond_init(allowance, nil)
        for number in 1..<max(1, self.threadCount) { startWorker(number) }
    }

    deinit {
        stopping.store(true, ordering: .sequentiallyConsistent)
        pthread_mutex_lock(mutex)
        pthread_cond_broadcast(condition)
        pthread_cond_broadcast(allowance)
        pthread_mutex_unlock(mutex)
        for thread in threads { pthread_join(thread, nil) }
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        pthread_cond_destroy(allowance)
        mutex.deallocate()
        condition.deallocate()
        allowance.deallocate()
    }

    /// The number of processors that this process may run on.
    public static var processorCount: Int { Int(ck_processor_count()) }

    /// Calls `body` once with each of `0..<chunks`, on all threads, and returns when all calls have.
    ///
    /// Which thread runs which chunk is left open, so `body` must write results that do not depend on it.
    public func run(chunks: Int, _ body: (Int) -> Void) {
        if chunks > 1, threadCount > 1 { adjustAllowance() }
        if chunks <= 1 || threadAllowance.current == 1 {
            for chunk in 0..<max(chunks, 0) { body(chunk) }
            return
        }
        withoutActuallyEscaping(body) { escapable in
            let job = Job(body: escapable)
            withExtendedLifetime(job) { publishAndHelp(job, chunks: chunks) }
        }
    }

    /// Calls `body` with ranges that cover `0..<count`, each of `grain` elements but the last.
    public func run(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        let grain = max(grain, 1)
        run(chunks: (count + grain - 1) / grain) { chunk in
            body(chunk * grain..<min(count, (chunk + 1) * grain))
        }
    }

    private func publishAndHelp(_ job: Job, chunks: Int) {
        body.store(UInt(bitPattern: Unmanaged.passUnretained(job).toOpaque()), ordering: .relaxed)
        total.store(chunks, ordering: .relaxed)
        finished.store(0, ordering: .relaxed)
        let region = (word.load(ordering: .relaxed) >> 32) &+ 1
        word.store(region << 32 | UInt64(chunks), ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
            pthread_mutex_lock(mutex)
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        var (claimed, spins) = (0, 0)
        while claimAndRun() { claimed += 1 }
        while finished.load(ordering: .acquiring) < chunks {
            spins += 1
            // A worker that lost its processor in mid-chunk gets it back sooner if this thread gives its own away.
            if spins > Self.spins { sched_yield() } else { _spinHint() }
            if spins == Self.spins { threadAllowance.beginWaiting(chunks: claimed, at: monotonicTime()) }
        }
        if threadAllowance.isWaiting { threadAllowance.endRegion(at: monotonicTime()) }
    }

    /// Lets as many threads work as had better now.
    private func adjustAllowance() {
        threadAllowance.beginRegion(at: monotonicTime(), usage: callerUsage)
        let now = threadAllowance.current
        let before = allowed.load(ordering: .relaxed)
        guard now != before else { return }
        pthread_mutex_lock(mutex)
        allowed.store(now, ordering: .sequentiallyConsistent)
        if now > before { pthread_cond_broadcast(allowance) }
        pthread_mutex_unlock(mutex)
    }

    /// Claims one chunk and runs it; `false` if there was none.
    private func claimAndRun() -> Bool {
        var seen = word.load(ordering: .acquiring)
        while seen & 0xFFFF_FFFF != 0 {
            let (claimed, now) = word.weakCompareExchange(
                expected: seen, desired: seen - 1, ordering: .acquiringAndReleasing)
            guard claimed else {
                seen = now
                continue
            }
            let chunk = total.load(ordering: .relaxed) - Int(seen & 0xFFFF_FFFF)
            if let pointer = UnsafeRawPointer(bitPattern: body.load(ordering: .relaxed)) {
                Unmanaged<Job>.fromOpaque(pointer)._withUnsafeGuaranteedRef { $0.body(chunk) }
            }
            finished.wrappingAdd(1, ordering: .releasing)
            return true
        }
        return false
    }

    private func work(_ number: Int) {
        var spins = 0
        while !stopping.load(ordering: .relaxed) {
            if number >= allowed.load(ordering: .relaxed) {
                waitForAllowance(number)
            } else if claimAndRun() {
                spins = 0
            } else if spins < Self.spins {
                spins += 1
                _spinHint()
            } else {
                sleep()
                spins = 0
            }
        }
    }

    private func sleep() {
        pthread_mutex_lock(mutex)
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        // A region published after this load finds the sleeper counted and broadcasts.
        while word.load(ordering: .sequentiallyConsistent) & 0xFFFF_FFFF == 0, !stopping.load(ordering: .relaxed) {
            pthread_cond_wait(condition, mutex)
        }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }

    private func waitForAllowance(_ number: Int) {
        pthread_mutex_lock(mutex)
        while number >= allowed.load(ordering: .sequentiallyConsistent), !stopping.load(ordering: .relaxed) {
            pthread_cond_wait(allowance, mutex)
        }
        pthread_mutex_unlock(mutex)
    }

    private func startWorker(_ number: Int) {
        // Workers hold the pool unretained: its deinit ends and joins them.
        let context = Unmanaged.passRetained(Worker(pool: Unmanaged.passUnretained(self), number: number)).toOpaque()
        #if os(Linux)
            var thread = pthread_t()
            let failed = pthread_create(
                &thread, nil,
                { context in
                    if let context { Worker.run(context) }
                    return nil
                }, context)
            if failed == 0 { threads.append(thread) }
        #else
            var thread: pthread_t?
            let failed = pthread_create(
                &thread, nil,
                { context in
                    Worker.run(context)
                    return nil
                }, context)
            if failed == 0, let thread { threads.append(thread) }
        #endif
        if failed != 0 { Unmanaged<Worker>.fromOpaque(context).release() }
    }

    private final class Worker {
        private let pool: Unmanaged<ThreadPool>
        private let number: Int

        init(pool: Unmanaged<ThreadPool>, number: Int) {
            self.pool = pool
            self.number = number
        }

        static func run(_ context: UnsafeMutableRawPointer) {
            let worker = Unmanaged<Worker>.fromOpaque(context).takeRetainedValue()
            worker.pool._withUnsafeGuaranteedRef { $0.work(worker.number) }
        }
    }

    private final class Job {
        let body: (Int) -> Void
        init(body: @escaping (Int) -> Void) { self.body = body }
    }
}

@inline(__always)
private func _spinHint() { ck_pause() }

private func callerUsage() -> ThreadAllowance.Usage? {
    var (seconds, preemptions) = (0.0, 0)
    return ck_thread_usage(&seconds, &preemptions) != 0
        ? ThreadAllowance.Usage(seconds: seconds, preemptions: preemptions) : nil
}
