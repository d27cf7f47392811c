#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The beginning of a file that is still coming: `PATH.part`, with a note in `PATH.part.json` of what it belongs to.
///
/// It stays when the download stops, and the next one goes on where it ends. While one program writes it, it is locked
/// against others.
package final class PartFile {
    /// What a part is the beginning of. A part of anything else is thrown away.
    package struct Note: Codable, Equatable {
        /// `OWNER/NAME@COMMIT/FILE`.
        package var source: String
        var digest: String?
        var byteCount: Int?

        package init(source: String, digest: String?, byteCount: Int?) {
            (self.source, self.digest, self.byteCount) = (source, digest, byteCount)
        }
    }

    /// The note as it lies on disk.
    private struct Record: Codable {
        var note: Note
        /// The server's tag of the content, sent back with the request for the rest.
        var tag: String?
    }

    /// How many bytes there are.
    package private(set) var byteCount = 0
    /// The tag that the server gave the content of which this is the beginning.
    private(set) var tag: String?

    private let path: String
    private let note: Note
    private let descriptor: Int32
    private var partPath: String { path + ".part" }
    private var recordPath: String { path + ".part.json" }

    /// Opens the part for the file at `path`, making its folder; takes over what an earlier download of the same left.
    /// - Throws: `HubError.partInUse`; `cannotWrite`; `diskFull`.
    package init(for path: String, _ note: Note) throws(HubError) {
        descriptor = try Self.openLocked(path)
        self.path = path
        self.note = note
        let record = (try? Data(contentsOf: URL(fileURLWithPath: recordPath))).flatMap {
            try? JSONDecoder().decode(Record.self, from: $0)
        }
        if let record, record.note == note {
            tag = record.tag
            byteCount = max(0, Int(lseek(descriptor, 0, SEEK_END)))
        } else {
            try begin(tag: nil)
        }
    }

    /// Opens the part for writing, which no other program may do meanwhile.
    private static func openLocked(_ path: String) throws(HubError) -> Int32 {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
        if !folder.isEmpty {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw .cannotWrite(path: folder, reason: "the folder cannot be made")
            }
        }
        let descriptor = open(path + ".part", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .writing(path + ".part", errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            _ = close(descriptor)
            throw code == EWOULDBLOCK ? .partInUse(path: path) : .writing(path + ".part", code)
        }
        return descriptor
    }

    deinit {
        // An empty part is of no use to anybody.
        if byteCount == 0 {
            _ = unlink(partPath)
            _ = unlink(recordPath)
        }
        _ = close(descriptor)
    }

    /// Throws away what is there; what comes next has this tag.
    func begin(tag: String?) throws(HubError) {
        guard ftruncate(descriptor, 0) == 0 else { throw .writing(partPath, errno) }
        byteCount = 0
        self.tag = tag
        do {
            try JSONEncoder().encode(Record(note: note, tag: tag)).write(
                to: URL(fileURLWithPath: recordPath), options: .atomic)
        } catch {
            throw .cannotWrite(path: recordPath, reason: "\(error)")
        }
    }

    /// Appends `bytes`.
    /// - Throws: `HubError.diskFull`; `cannotWrite`. What was written is kept.
    package func append(_ bytes: UnsafeRawBufferPointer) throws(HubError) {
        var rest = bytes[...]
        while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
            let count = pwrite(descriptor, base, rest.count, off_t(byteCount))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .writing(partPath, count < 0 ? errno : EIO) }
            byteCount += count
            rest = rest.dropFirst(count)
        }
    }

    /// Calls `body` with all bytes, piece by piece.
    func read(_ body: (UnsafeRawBufferPointer, _ end: Int) throws(HubError) -> Void) throws(HubError) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        var position = 0
        while position < byteCount {
            let count = pread(descriptor, buffer.baseAddress, min(buffer.count, byteCount - position), off_t(position))
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .writing(partPath, count < 0 ? errno : EIO) }
            position += count
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), position)
        }
    }

    /// Makes the bytes durable and gives the file its name.
    func commit() throws(HubError) {
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else { throw .writing(path, errno) }
        _ = unlink(recordPath)
        // The name lives in the folder; some file systems cannot synchronise one, and the file is in place anyway.
        let folder = open(path.lastIndex(of: "/").map { String(path[...$0]) } ?? "./", O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            _ = fsync(folder)
            _ = close(folder)
        }
    }

    /// Removes the part.
    func discard() {
        byteCount = 0
        _ = unlink(partPath)
        _ = unlink(recordPath)
    }
}

extension HubError {
    /// The error for a failed write with the error number `code`.
    fileprivate static func writing(_ path: String, _ code: Int32) -> HubError {
        code == ENOSPC || code == EDQUOT
            ? .diskFull(path: path) : .cannotWrite(path: path, reason: String(cString: strerror(code)))
    }
}
