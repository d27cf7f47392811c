/// Memory that tensors borrow and give back, so that a step that repeats allocates nothing.
///
/// Sizes are rounded up to an eighth of a power of two: sequences of changing length share buffers, and at most an
/// eighth of the memory is unused. Not thread-safe; it belongs to one `Workspace`.
public final class BufferPool {
    // The first free buffer of each size class; each free buffer begins with the address of the next.
    private let free: UnsafeMutablePointer<UnsafeMutableRawPointer?>

    /// The bytes that the pool has allocated, lent out or not. A repeated step must not make it grow.
    public private(set) var allocatedByteCount = 0

    public init() {
        free = .allocate(capacity: Self.classCount)
        free.initialize(repeating: nil, count: Self.classCount)
    }

    deinit {
        // Tensors keep their pool alive, so nothing is lent out here.
        for index in 0..<Self.classCount {
            while let buffer = pop(index) { buffer.deallocate() }
        }
        free.deallocate()
    }

    /// Room for `count` floats, and the place of its size, which `give` wants back.
    func take(_ count: Int) -> (buffer: UnsafeMutablePointer<Float>, index: Int) {
        let (index, size) = Self.sizeClass(count)
        if let buffer = pop(index) { return (buffer.bindMemory(to: Float.self, capacity: size), index) }
        allocatedByteCount += size * 4
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
        return (memory.bindMemory(to: Float.self, capacity: size), index)
    }

    func give(_ buffer: UnsafeMutablePointer<Float>, _ index: Int) {
        let memory = UnsafeMutableRawPointer(buffer)
        memory.storeBytes(of: free[index], as: UnsafeMutableRawPointer?.self)
        free[index] = memory
    }

    private func pop(_ index: Int) -> UnsafeMutableRawPointer? {
        guard let buffer = free[index] else { return nil }
        free[index] = buffer.load(as: UnsafeMutableRawPointer?.self)
        return buffer
    }

    /// One more than the index of the largest size: that of `Int.max`.
    private static let classCount = (Int.bitWidth - 8) * 16 + 17

    /// The smallest size that holds `count`, and its place among all sizes: 64 first, then multiples of 16 up to 256, of 32 up
    /// to 512 and so on.
    static func sizeClass(_ count: Int) -> (index: Int, size: Int) {
        if count <= 64 { return (0, 64) }
        let exponent = max(8, Int.bitWidth - (count - 1).leadingZeroBitCount)
        // Shifts, not divisions: every tensor asks.
        let stepExponent = exponent &- 4
        let steps = (count + (1 &<< stepExponent) - 1) &>> stepExponent
        return ((exponent &- 8) &* 16 &+ steps, steps &<< stepExponent)
    }
}
