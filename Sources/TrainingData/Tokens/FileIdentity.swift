#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What tells a file from what it was before: its size and the moment of its last change.
struct FileIdentity: Equatable {
    let byteCount: Int64
    let seconds: Int
    let nanoseconds: Int

    /// `nil` if there is no such file.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        byteCount = Int64(status.st_size)
        #if canImport(Darwin)
            let moment = status.st_mtimespec
        #else
            let moment = status.st_mtim
        #endif
        (seconds, nanoseconds) = (Int(moment.tv_sec), Int(moment.tv_nsec))
    }

    func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(UInt64(bitPattern: byteCount))
        fingerprint.add(UInt64(bitPattern: Int64(seconds)))
        fingerprint.add(UInt64(bitPattern: Int64(nanoseconds)))
    }
}
