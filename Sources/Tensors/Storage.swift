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

    private static let hugePage = 1 << 21

    private let isMappedFile: Bool
    private let release: () -> Void

    /// Memory of `byteCount` zero bytes, aligned to 64 so that every vector load may assume a cache line; on pages of 2 MB, as
    /// far as whole ones fit, so that reading it all does not wait for addresses to be looked up.
    public init(byteCount: Int) {
        let alignment = byteCount >= Self.hugePage ? Self.hugePage : 64
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: alignment)
        #if os(Linux)
            // Whole pages only: none is larger than what it holds.
            if byteCount >= Self.hugePage {
                madvise(memory.baseAddress, byteCount / Self.hugePage * Self.hugePage, Int32(MADV_HUGEPAGE))
            }
        #endif
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
