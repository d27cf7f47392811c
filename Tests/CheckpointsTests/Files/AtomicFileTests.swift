import Checkpoints
import Foundation
import Tensors
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

@Suite("An atomic file")
struct AtomicFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try AtomicFile(path: path)
        try file.write(bytes)
        try file.commit()
    }

    private func permissions(of path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }

    @Test("appears with all its pieces once it is committed, and leaves nothing beside it")
    func pieces() throws {
        let file = try AtomicFile(path: folder.file("a"))
        for piece in 0..<100 as Range<UInt8> { try file.write([piece, piece]) }
        #expect(try !folder.names.contains("a"))
        try file.commit()
        #expect(try folder.names == ["a"])
        #expect(try contents(of: folder.file("a")) == (0..<100).flatMap { [$0, $0] })
    }

    @Test("leaves the old file and no temporary one if it is not committed")
    func abandoned() throws {
        let path = try folder.file("a", [1, 2, 3])
        do {
            let file = try AtomicFile(path: path)
            try file.write([4])
            #expect(try folder.names.count == 2)
        }
        #expect(try folder.names == ["a"])
        #expect(try contents(of: path) == [1, 2, 3])
    }

    @Test("replaces a file and leaves those who mapped the old one alone")
    func replaced() throws {
        let path = try folder.file("a", [1, 2, 3])
        let old = try MappedFile(path: path)
        try write([9], to: path)
        #expect(try contents(of: path) == [9])
        withExtendedLifetime(old) { #expect(Array(old.storage.bytes) == [1, 2, 3]) }
    }

    @Test("keeps the permission bits of the file that it replaces", arguments: [0o600, 0o664, 0o755])
    func permissionsKept(bits: Int) throws {
        let path = try folder.file("a", [1])
        try FileManager.default.setAttributes([.posixPermissions: bits], ofItemAtPath: path)
        try write([2], to: path)
        #expect(try permissions(of: path) == bits)
    }

    @Test("is never executable nor writable by others when it is new")
    func permissionsOfNew() throws {
        try write([2], to: folder.file("new"))
        let bits = try #require(try permissions(of: folder.file("new")))
        #expect(bits & ~0o644 == 0)
        #expect(bits & 0o600 == 0o600)
    }

    @Test("replaces the file that a chain of links leads to, and keeps the links")
    func links() throws {
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder.file("inner"), withIntermediateDirectories: false)
        _ = try folder.file("inner/real", [1])
        try manager.createSymbolicLink(atPath: folder.file("inner/second"), withDestinationPath: "real")
        try manager.createSymbolicLink(atPath: folder.file("first"), withDestinationPath: folder.file("inner/second"))
        try write([2], to: folder.file("first"))
        #expect(try contents(of: folder.file("inner/real")) == [2])
        #expect(try manager.destinationOfSymbolicLink(atPath: folder.file("first")) == folder.file("inner/second"))
        #expect(try manager.contentsOfDirectory(atPath: folder.file("inner")).sorted() == ["real", "second"])
    }

    @Test("makes the file that a dangling link names")
    func danglingLink() throws {
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "new")
        try write([2], to: folder.file("link"))
        #expect(try contents(of: folder.file("new")) == [2])
    }

    @Test("refuses a circle of links")
    func circle() throws {
        try FileManager.default.createSymbolicLink(atPath: folder.file("a"), withDestinationPath: "a")
        #expect(
            throws: CheckpointError.cannotWrite(path: folder.file("a"), reason: "Too many levels of symbolic links")
        ) { try AtomicFile(path: folder.file("a")) }
    }

    @Test("refuses to replace a directory")
    func directory() throws {
        #expect(throws: CheckpointError.isDirectory(path: folder.path)) { try AtomicFile(path: folder.path) }
        let path = folder.path + "/"
        #expect(throws: CheckpointError.isDirectory(path: path)) { try AtomicFile(path: path) }
    }

    @Test("refuses to replace a device")
    func device() {
        #expect(throws: CheckpointError.notRegularFile(path: "/dev/null")) { try AtomicFile(path: "/dev/null") }
    }

    @Test("says why it cannot be made")
    func missingFolder() {
        let path = folder.file("no/file")
        #expect(throws: CheckpointError.cannotWrite(path: path, reason: "No such file or directory")) {
            try AtomicFile(path: path)
        }
    }

    #if os(Linux)
        @Test("says plainly that the disk is full")
        func diskFull() throws {
            // Linux's /dev/full takes no byte, for want of space.
            let descriptor = open("/dev/full", O_WRONLY)
            defer { close(descriptor) }
            let error = CheckpointError.diskFull(path: "a")
            #expect(throws: error) {
                try [1, 2, 3].withUnsafeBytes { try AtomicFile.write($0, to: descriptor, path: "a") }
            }
            #expect("\(error)" == "no space is left on the disk for “a”")
        }
    #endif
}
