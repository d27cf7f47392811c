import Checkpoints
import Foundation
import Tensors
import Testing

@Suite("A mapped file")
struct MappedFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("shows the file's bytes, even after the file was removed")
    func bytes() throws {
        let expected = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * $0) }
        let path = try folder.file("data", expected)
        let mapped = try MappedFile(path: path)
        try FileManager.default.removeItem(atPath: path)
        withExtendedLifetime(mapped) { #expect(Array(mapped.storage.bytes) == expected) }
        #expect(mapped.storage.mutableBytes == nil)
        #expect(mapped.path == path)
    }

    @Test("needs a file that is there")
    func missing() {
        #expect(throws: CheckpointError.missingFile(path: folder.file("no"))) {
            try MappedFile(path: folder.file("no"))
        }
    }

    @Test("needs more than an empty file")
    func empty() throws {
        let path = try folder.file("empty", [])
        #expect(throws: CheckpointError.emptyFile(path: path)) { try MappedFile(path: path) }
    }

    @Test("needs a file, not a directory")
    func directory() {
        #expect(throws: CheckpointError.isDirectory(path: folder.path)) { try MappedFile(path: folder.path) }
    }

    @Test("needs a regular file, not a device")
    func device() {
        #expect(throws: CheckpointError.notRegularFile(path: "/dev/null")) { try MappedFile(path: "/dev/null") }
    }

    @Test("says why the system refuses to open the file")
    func unreadable() throws {
        // A path through a file is refused to everybody, a file without read permission not to the superuser.
        let path = try folder.file("file", [1]) + "/below"
        let error = CheckpointError.cannotOpen(path: path, reason: "Not a directory")
        #expect(throws: error) { try MappedFile(path: path) }
        #expect("\(error)" == "“\(path)” cannot be opened: Not a directory")
    }
}
