extension Storage {
    /// Memory of undefined bytes on pages of 2 MB where the system has such: the fastest to read in a straight line.
    public static func inLargePages(byteCount: Int) -> Storage { PackingArena().take(byteCount) }
}

/// Memory for a model's packed matrices, taken in one piece after the other from large regions.
///
/// The regions ask for pages of 2 MB: with those of 4 KB, which most matrices alone would get, reading in a straight line is
/// a sixth slower. What is never taken is never touched and takes no memory.
final class PackingArena {
    private static let regionByteCount = 64 << 20

    private var region: Region?
    private var used = 0
    private var threads: ThreadPool?

    /// Shares out the packing of a matrix.
    func run(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        if count <= grain { return body(0..<count) }
        let threads = threads ?? ThreadPool()
        self.threads = threads
        threads.run(count, grain: grain, body)
    }

    /// Undefined bytes, aligned to 64; they live as long as the storage.
    func take(_ byteCount: Int) -> Storage {
        if region == nil || used + byteCount > region?.memory.count ?? 0 {
            region = Region(byteCount: max(byteCount, Self.regionByteCount))
            used = 0
        }
        guard let region else { preconditionFailure("there is a region now") }
        let bytes = UnsafeMutableRawBufferPointer(rebasing: region.memory[used..<used + byteCount])
        used = min(region.memory.count, (used + byteCount + 63) / 64 * 64)
        // The closure keeps the region alive.
        return Storage(mutable: bytes) { withExtendedLifetime(region) {} }
    }

    private final class Region {
        let memory: UnsafeMutableRawBufferPointer

        init(byteCount: Int) {
            memory = .allocateInLargePages(byteCount: byteCount)
        }

        deinit { memory.deallocate() }
    }
}
