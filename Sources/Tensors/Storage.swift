/// A run of bytes that owns its memory or keeps alive the mapped file that it points into.
///
/// Weights, saved states and files on their way to disk are all storages. A storage is written only by the code that
/// made it, before it is shared, and by a trainer that holds the only model over it; while a model generates, its
/// storages are never written. That rule is what makes the unchecked conformance to `Sendable` right.
public final class Storage: @unchecked Sendable {
    /// The bytes. They stay valid as long as the storage does.
    public let bytes: UnsafeRawBufferPointer

    /// The same bytes for writing; `nil` if they are mapped from a file.
    public let mutableBytes: UnsafeMutableRawBufferPointer?

    private let release: () -> Void

    /// Memory of `byteCount` zero bytes, aligned to 64 so that every vector load may assume a cache line.
    public init(byteCount: Int) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let used = UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])
        bytes = UnsafeRawBufferPointer(used)
        mutableBytes = used
        release = { memory.deallocate() }
    }

    /// Memory that somebody else mapped or allocated; `release` is called once, when the last user is gone.
    public init(readOnly bytes: UnsafeRawBufferPointer, release: @escaping () -> Void) {
        self.bytes = bytes
        mutableBytes = nil
        self.release = release
    }

    /// A copy of `elements`.
    public convenience init<Element: BitwiseCopyable>(copying elements: some Collection<Element>) {
        self.init(byteCount: elements.count * MemoryLayout<Element>.stride)
        guard let target = mutableBytes, !elements.isEmpty else { return }
        _ = target.bindMemory(to: Element.self).initialize(from: elements)
    }

    deinit { release() }
}
