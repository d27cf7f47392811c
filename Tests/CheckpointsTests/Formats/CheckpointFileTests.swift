import Checkpoints
import Tensors
import Testing

@Suite("A checkpoint of unknown format")
struct CheckpointFileTests {
    @Test("is opened by what it holds, not by its name")
    func recognised() throws {
        let folder = try TemporaryFolder()
        let tensor = StoredTensor(name: "w", shape: [2], floats: [1, 2])
        try SafetensorsFile.write([tensor], to: folder.file("a.pth"))
        try PyTorchFile.write([tensor], to: folder.file("a.safetensors"))
        #expect(try CheckpointFile.open(path: folder.file("a.pth")) is SafetensorsFile)
        #expect(try CheckpointFile.open(path: folder.file("a.safetensors")) is PyTorchFile)
        let legacy = try CheckpointFile.open(storage: Storage(copying: legacyFile(PickleText.minimal)))
        #expect(legacy is PyTorchFile)
        #expect(legacy.tensors.map(\.name) == ["w"])
    }

    @Test("says which format is meant when that one is damaged")
    func damaged() {
        #expect(throws: CheckpointError.headerTooLarge(byteCount: 200_000_000, limit: 100_000_000)) {
            try CheckpointFile.open(storage: Storage(copying: littleEndian(UInt64(200_000_000)) + [0x7B]))
        }
        #expect(throws: CheckpointError.zipDirectoryMissing) {
            try CheckpointFile.open(storage: Storage(copying: "PK\u{3}\u{4}".utf8))
        }
    }

    @Test(
        "is named if it is something else that people download",
        arguments: [
            (
                Array("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8),
                ForeignContent.gitLFSPointer
            ),
            ([0x1F, 0x8B, 8, 0], .gzip),
            (Array("\n  <!DOCTYPE HTML><html>".utf8), .html),
            (Array("\u{FEFF}<html lang=\"en\">".utf8), .html),
            (Array("<?xml version=\"1.0\"?><Error>".utf8), .xml),
            (Array("{\"weight_map\": {}}".utf8), .json),
            ([0x80, 4, 0x4E, 0x2E], .pickle),
        ])
    func foreign(bytes: [UInt8], content: ForeignContent) {
        #expect(throws: CheckpointError.foreignContent(content)) {
            try CheckpointFile.open(storage: Storage(copying: bytes))
        }
    }

    @Test("is described by its first bytes if nothing is known of it")
    func unknown() {
        let error = CheckpointError.unknownContent(firstBytes: [0, 1, 2, 0xFF])
        #expect(throws: error) { try CheckpointFile.open(storage: Storage(copying: [0, 1, 2, 0xFF] as [UInt8])) }
        #expect(
            "\(error)"
                == "this is in no known format (safetensors, PyTorch, GGUF, rwkv.cpp); it begins with 00 01 02 ff")
    }

    @Test("has messages that a person can act on")
    func messages() {
        #expect(
            "\(CheckpointError.foreignContent(.gitLFSPointer))"
                == "this is a Git LFS pointer, not the file itself; fetch the file with “git lfs pull”")
        #expect(
            "\(CheckpointError.byteCountMismatch(name: "w", shape: [2, 3], type: .f32, expected: 24, found: 4))"
                == "“w” [2, 3] of F32 takes 24 bytes; the header gives it 4")
    }

    @Test("cannot write to the terminal through the names in it")
    func escapedNames() {
        let name = "\u{1B}[31m\n" + String(repeating: "x", count: 1000)
        let message = "\(CheckpointError.duplicateName(name: name))"
        #expect(message.hasPrefix("the name “\\u{1B}[31m\\nxxx"))
        #expect(message.hasSuffix("…” occurs twice"))
        #expect(message.count < 200)
    }
}
