/// What a stream of work computes with: kernels, threads, and memory to reuse.
///
/// Whoever starts a stream (a generator, a trainer, a server's inference thread) makes one and passes it on through the
/// tape; two streams never share one.
public final class Workspace {
    public let kernels: Kernels
    public let threads: ThreadPool
    public let buffers = BufferPool()
    /// How activations enter products with quantised weights.
    public let precision: Precision
    /// Where the time of every op is added, if anywhere.
    public let profile: OpProfile?

    public init(
        threadCount: Int = ThreadPool.processorCount, kernels: Kernels = .best,
        precision: Precision = .exact, profile: OpProfile? = nil
    ) {
        self.profile = profile
        self.precision = precision
        self.kernels = kernels
        threads = ThreadPool(threadCount: threadCount)
    }

    /// Splits `count` elements over the threads, unless they are too few to be worth it.
    ///
    /// - Parameters:
    ///   - cost: About how many nanoseconds one element takes; chunks are made some 5 µs long,
    ///     which is twenty times what it takes to share them out.
    ///   - multiple: Chunks begin at multiples of this.
    ///   - op: Who asks, for the profile.
    func parallel(
        _ count: Int, cost: Double, multiple: Int = 1, op: StaticString = #function, _ body: (Range<Int>) -> Void
    ) {
        guard let profile else { return share(count, cost, multiple, body) }
        profile.time(op) { share(count, cost, multiple, body) }
    }

    private func share(_ count: Int, _ cost: Double, _ multiple: Int, _ body: (Range<Int>) -> Void) {
        let perChunk = max(1, Int(5_000 / max(cost, 1e-3)))
        if threads.threadCount == 1 || count <= perChunk {
            if count > 0 { body(0..<count) }
            return
        }
        let pieces = min((count + perChunk - 1) / perChunk, 8 * threads.threadCount)
        let grain = (count + pieces - 1) / pieces
        threads.run(count, grain: (grain + multiple - 1) / multiple * multiple, body)
    }
}
