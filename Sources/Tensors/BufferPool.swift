/// Memory that tensors borrow and give back, so that a step that repeats allocates nothing.
///
/// Sizes are rounded up to an eighth of a power of two: sequences of changing length share buffers, and at most an
/// eighth of the memory is unused. Not thread-safe; it belongs to one `Workspace`.
public final class BufferPool {
    private var free: [Int: [UnsafeMutablePointer<Float>]] = [:]

    /// The bytes that the pool has allocated, lent out or not. A repeated step must not make it grow.
    public private(set) var allocatedByteCount = 0

    public init() {}

    deinit {
        // Tensors keep their pool alive, so nothing is lent out here.
        for buffers in free.values {
            for buffer in buffers { UnsafeMutableRawPointer(buffer).deallocate() }
        }
    }

    func take(_ count: Int) -> UnsafeMutablePointer<Float> {
        let size = Self.roundedUp(count)
        if let buffer = free[size]?.popLast() { return buffer }
        allocatedByteCount += size * 4
        return UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
            .bindMemory(to: Float.self, capacity: size)
    }

    func give(_ buffer: UnsafeMutablePointer<Float>, _ count: Int) {
        free[Self.roundedUp(count), default: []].append(buffer)
    }

    /// The smallest size class that holds `count`.
    static func roundedUp(_ count: Int) -> Int {
        if count <= 64 { return 64 }
        let step = 1 << max(4, Int.bitWidth - (count - 1).leadingZeroBitCount - 4)
        return (count + step - 1) / step * step
    }
}
