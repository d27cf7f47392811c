#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A regular file that lies where a listed one would go.
public struct LocalFile: Sendable {
    private let path: String
    /// The size in bytes.
    public let byteCount: Int

    /// - Returns: `nil` if there is no regular file at `path`.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.path = path
        byteCount = Int(status.st_size)
    }

    /// Whether the content is that of `file`, by the digest in the listing.
    /// - Complexity: O(bytes) if the sizes are equal.
    public func holds(_ file: HubFile) -> Bool {
        guard let expected = file.digest, byteCount == file.byteCount else { return false }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { _ = close(descriptor) }
        var hasher = ContentHasher(expected: expected, byteCount: byteCount)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 && hasher.digest(like: expected) == expected }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
