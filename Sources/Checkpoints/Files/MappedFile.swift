public import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file mapped into memory for reading: opening takes no time and pages are read when they are first touched.
///
/// The mapping lasts as long as `storage`. Nobody may shorten the file meanwhile: touching a page that is gone ends the
/// process. Files written through `AtomicFile` are safe, as that replaces the file and leaves the mapped one alone.
public struct MappedFile: Sendable {
    /// Where the file was when it was opened.
    public let path: String

    /// The file's bytes.
    public let storage: Storage

    /// Maps the regular file at `path`.
    /// - Throws: `CheckpointError`: `missingFile`, `isDirectory`, `notRegularFile`, `emptyFile`, `cannotOpen` with the
    ///   system's reason, `cannotMap` likewise.
    public init(path: String) throws(CheckpointError) {
        // Without O_NONBLOCK, opening a pipe would wait for its writer for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            let code = errno
            throw code == ENOENT ? .missingFile(path: path) : .cannotOpen(path: path, reason: systemReason(code))
        }
        defer { _ = close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .cannotOpen(path: path, reason: systemReason(errno)) }
        if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
        guard status.st_size > 0 else { throw .emptyFile(path: path) }
        guard let byteCount = Int(exactly: status.st_size) else {
            throw .cannotMap(path: path, reason: "the file is larger than memory can be")
        }

        let address = mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            throw .cannotMap(path: path, reason: systemReason(errno))
        }
        self.path = path
        storage = Storage(readOnly: UnsafeRawBufferPointer(start: address, count: byteCount), isMappedFile: true) {
            munmap(address, byteCount)
        }
    }
}

/// The system's words for the error number `code`.
func systemReason(_ code: Int32) -> String { String(cString: strerror(code)) }
