#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

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

    private let isMappedFile: Bool
    private let release: () -> Void

    /// Memory of `byteCount` zero bytes, aligned to 64 so that every vector load may assume a cache line, on large pages.
    public init(byteCount: Int) {
        let memory = UnsafeMutableRawBufferPointer.allocateInLargePages(byteCount: max(byteCount, 1))
        memory.initializeMemory(as: UInt8.self, repeating: 0)
        let used = UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount])
        bytes = UnsafeRawBufferPointer(used)
        mutableBytes = used
        isMappedFile = false
        release = { memory.deallocate() }
    }

    /// Memory that somebody else allocated, to be filled by whoever makes the storage.
    init(mutable bytes: UnsafeMutableRawBufferPointer, release: @escaping () -> Void) {
        self.bytes = UnsafeRawBufferPointer(bytes)
        mutableBytes = bytes
        isMappedFile = false
        self.release = release
    }

    /// Memory that somebody else mapped or allocated; `release` is called once, when the last user is gone.
    /// - Parameter isMappedFile: Whether the bytes come back from a file when their pages are dropped.
    public init(
        readOnly bytes: UnsafeRawBufferPointer, isMappedFile: Bool = false, release: @escaping () -> Void
    ) {
        self.isMappedFile = isMappedFile
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

    /// Lets the system take back the memory of bytes of a mapped file that will hardly be read again; if they are, they come
    /// from the file.
    func dropPages(offset: Int, count: Int) {
        guard isMappedFile, let base = bytes.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let begin = (Int(bitPattern: base) + offset + page - 1) / page * page
        let end = (Int(bitPattern: base) + offset + count) / page * page
        if begin < end { madvise(UnsafeMutableRawPointer(bitPattern: begin), end - begin, Int32(MADV_DONTNEED)) }
    }
}
