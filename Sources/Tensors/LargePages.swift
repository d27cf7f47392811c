#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension UnsafeMutableRawBufferPointer {
    private static let largePage = 1 << 21

    /// Undefined bytes, aligned to 64; on pages of 2 MB, as far as whole ones fit, where the system has such.
    ///
    /// There are few large pages, so that neither their first touch nor the look-up of their addresses holds up a
    /// thread that goes through them in a straight line. No page is larger than what it holds.
    static func allocateInLargePages(byteCount: Int) -> Self {
        if byteCount < largePage { return allocate(byteCount: byteCount, alignment: 64) }
        let memory = allocate(byteCount: byteCount, alignment: largePage)
        #if os(Linux)
            madvise(memory.baseAddress, byteCount / largePage * largePage, Int32(MADV_HUGEPAGE))
        #endif
        return memory
    }
}
