#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Writes a file that appears whole or not at all, even if the machine loses power.
///
/// The bytes go to a temporary file in the same folder. `commit` makes them durable and renames that file; without it
/// the temporary file is removed when the writer goes away, and what was at the path stays as it was.
///
///     let file = try AtomicFile(path: path)
///     try file.write(header)
///     try file.write(data)
///     try file.commit()
///
/// A symbolic link stays and the file that it leads to is replaced. A replaced file hands on its permission bits; a new
/// one is readable by all and writable by its owner, less the process's umask.
public final class AtomicFile: ByteSink {
    /// The path that was asked for.
    public let path: String

    private let target: String
    private let folder: String
    private let temporaryPath: String
    private var descriptor: Int32

    /// Writes a whole file.
    /// - Throws: `CheckpointError`, as the parts do.
    public static func replace(_ path: String, with bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes a whole file.
    /// - Throws: `CheckpointError`, as the parts do.
    public static func replace(_ path: String, with bytes: [UInt8]) throws(CheckpointError) {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    /// Opens a temporary file beside `path`.
    /// - Throws: `CheckpointError`: `isDirectory` or `notRegularFile` if `path` names one; `diskFull`; `cannotWrite`.
    public init(path: String) throws(CheckpointError) {
        let target = try Self.resolvingLinks(path)
        let permissions = try Self.permissions(at: target)
        let slash = target.lastIndex(of: "/")
        let folder = slash.map { String(target[...$0]) } ?? "./"

        var opened: Int32 = -1
        var failure: Int32 = 0
        var candidate = ""
        for _ in 0..<16 {
            candidate = folder + ".partial-" + String(UInt64.random(in: 0...UInt64.max), radix: 16)
            opened = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            failure = errno
            if opened >= 0 || failure != EEXIST { break }
        }
        guard opened >= 0 else { throw .writing(path, failure) }
        if let permissions, fchmod(opened, permissions) != 0 {
            let code = errno
            _ = close(opened)
            _ = unlink(candidate)
            throw .writing(path, code)
        }
        self.path = path
        self.target = target
        self.folder = folder
        temporaryPath = candidate
        descriptor = opened
    }

    deinit {
        if descriptor >= 0 {
            _ = close(descriptor)
            _ = unlink(temporaryPath)
        }
    }

    /// Appends `bytes`.
    /// - Throws: `CheckpointError`: `diskFull`; `cannotWrite` with the system's reason.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        precondition(descriptor >= 0, "nothing is written to \(path) after it was committed")
        try Self.write(bytes, to: descriptor, path: path)
    }

    /// Makes the bytes durable and puts the file in its place. To be called once, after the last `write`.
    /// - Throws: `CheckpointError`: `diskFull`; `cannotWrite` with the system's reason. The temporary file is then gone
    ///   and the old one, if any, untouched.
    public func commit() throws(CheckpointError) {
        precondition(descriptor >= 0, "\(path) is committed once")
        let finished = descriptor
        descriptor = -1
        let synchronised = synchronise(finished) ? 0 : errno
        // Network file systems report a full disk as late as here.
        let closed = close(finished) == 0 ? 0 : errno
        let failure = synchronised != 0 ? synchronised : closed
        guard failure == 0, rename(temporaryPath, target) == 0 else {
            let code = failure != 0 ? failure : errno
            _ = unlink(temporaryPath)
            throw .writing(path, code)
        }
        // The rename itself lives in the folder, which some file systems cannot synchronise; the file is in place anyway.
        let folderDescriptor = open(folder, O_RDONLY | O_CLOEXEC)
        if folderDescriptor >= 0 {
            _ = fsync(folderDescriptor)
            _ = close(folderDescriptor)
        }
    }

    /// Writes all of `bytes` to an open file. `path` is for the message.
    package static func write(
        _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
    ) throws(CheckpointError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Linux writes at most 2³¹ − 4096 bytes in one call; macOS refuses more than 2³¹ − 1.
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
            #if canImport(Darwin)
                let count = Darwin.write(descriptor, piece.baseAddress, piece.count)
            #elseif canImport(Musl)
                let count = Musl.write(descriptor, piece.baseAddress, piece.count)
            #else
                let count = Glibc.write(descriptor, piece.baseAddress, piece.count)
            #endif
            if count < 0 {
                if errno == EINTR { continue }
                throw .writing(path, errno)
            }
            guard count > 0 else { throw .writing(path, EIO) }
            rest = rest.dropFirst(count)
        }
    }

    /// The path at the end of the chain of symbolic links that begins at `path`; it need not exist.
    private static func resolvingLinks(_ path: String) throws(CheckpointError) -> String {
        var current = path
        for _ in 0..<32 {
            var status = stat()
            guard lstat(current, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return current }
            var destination = [CChar](repeating: 0, count: Int(PATH_MAX))
            let length = readlink(current, &destination, destination.count)
            guard length >= 0 else { throw .writing(path, errno) }
            let text = String(decoding: destination[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self)
            let parent = current.lastIndex(of: "/").map { String(current[...$0]) } ?? ""
            current = text.hasPrefix("/") ? text : parent + text
        }
        throw .writing(path, ELOOP)
    }

    /// The permission bits of the regular file at `path`; `nil` if there is none yet.
    private static func permissions(at path: String) throws(CheckpointError) -> mode_t? {
        if path.hasSuffix("/") { throw .isDirectory(path: path) }
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .writing(path, errno)
        }
        if status.st_mode & S_IFMT == S_IFDIR { throw .isDirectory(path: path) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notRegularFile(path: path) }
        return status.st_mode & 0o777
    }
}

extension CheckpointError {
    /// The error for a failed write with the error number `code`.
    fileprivate static func writing(_ path: String, _ code: Int32) -> CheckpointError {
        code == ENOSPC || code == EDQUOT ? .diskFull(path: path) : .cannotWrite(path: path, reason: systemReason(code))
    }
}

private func synchronise(_ descriptor: Int32) -> Bool {
    #if canImport(Darwin)
        // fsync leaves the bytes in the drive's cache there.
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return true }
    #endif
    return fsync(descriptor) == 0
}
