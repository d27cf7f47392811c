import Checkpoints
import Tensors
import Testing

@Suite("A safetensors file")
struct SafetensorsFileTests {
    @Test("gives back the tensors and metadata that were written, of every type")
    func roundTrip() throws {
        let folder = try TemporaryFolder()
        let metadata = ["format": "pt", "quote\"\\": "line\nfeed\u{1}\u{7F}ü/😀"]
        try SafetensorsFile.write(oneTensorOfEveryType, metadata: metadata, to: folder.file("a"))
        let file = try SafetensorsFile(path: folder.file("a"))
        #expect(file.metadata == metadata)
        expectSame(file.tensors, oneTensorOfEveryType)
    }

    @Test("holds the bytes that the format's description asks for")
    func bytes() throws {
        let tensor = StoredTensor(
            name: "w", shape: [2], type: .bf16, storage: Storage(copying: [1, 2, 3, 4] as [UInt8]))
        let header = #"{"w":{"data_offsets":[0,4],"dtype":"BF16","shape":[2]}}"#
        let expected = littleEndian(UInt64(56)) + header.utf8 + [0x20] + [1, 2, 3, 4]
        #expect(try safetensorsBytes([tensor]) == expected)
    }

    @Test("aligns every element when it is mapped")
    func alignment() throws {
        let file = try SafetensorsFile(storage: Storage(copying: try safetensorsBytes(oneTensorOfEveryType)))
        #expect(file.tensors.first?.location.offset.isMultiple(of: 64) == true)
        for tensor in file.tensors { #expect(tensor.location.offset.isMultiple(of: tensor.type.blockByteCount)) }
    }

    @Test("lists tensors in the order of their bytes, whatever the header's order; unknown members are skipped")
    func order() throws {
        let header = """
            {"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3],"x":[true,false,null,-1.5e+3,0,{"y":[]}]},\
            "empty":{"shape":[0],"dtype":"F32","data_offsets":[2,2]},\
            "\\u0061\\ud83d\\ude00\\n\\/":{"data_offsets":[0,2],"dtype":"I8","shape":[1,2]}}\n
            """
        let file = littleEndian(UInt64(header.utf8.count)) + header.utf8 + [7, 8, 9]
        let tensors = try SafetensorsFile(storage: Storage(copying: file)).tensors
        #expect(tensors.map(\.name) == ["a😀\n/", "empty", "b"])
        #expect(tensors.map(\.shape) == [[1, 2], [0], [1]])
        #expect(tensors.map { $0.contents } == [[7, 8], [], [9]])
    }

    @Test("may hold nothing at all")
    func nothing() throws {
        let file = try SafetensorsFile(storage: Storage(copying: try safetensorsBytes([])))
        #expect(file.tensors.isEmpty && file.metadata.isEmpty)
    }

    @Test("uses the mapping in place")
    func inPlace() throws {
        let storage = Storage(copying: try safetensorsBytes(oneTensorOfEveryType))
        for tensor in try SafetensorsFile(storage: storage).tensors { #expect(tensor.location.storage === storage) }
    }

    @Test("is not written with a name twice, nor with the metadata's name, and leaves no trace then")
    func names() throws {
        let folder = try TemporaryFolder()
        let a = StoredTensor(name: "a", shape: [1], floats: [1])
        #expect(throws: CheckpointError.duplicateName(name: "a")) {
            try SafetensorsFile.write([a, a], to: folder.file("x"))
        }
        #expect(throws: CheckpointError.reservedName(name: "__metadata__")) {
            try SafetensorsFile.write([a.renamed("__metadata__")], to: folder.file("x"))
        }
        #expect(try folder.names.isEmpty)
    }

    @Test("is not written with a header that no reader takes")
    func longHeader() throws {
        let text = String(decoding: [UInt8](repeating: 0x78, count: 100_000_000), as: UTF8.self)
        #expect(throws: CheckpointError.headerTooLarge(byteCount: 100_000_056, limit: 100_000_000)) {
            try SafetensorsFile.write([], metadata: ["": text], to: MemorySink())
        }
    }
}

/// Expects the same tensors in any order.
func expectSame(
    _ found: [StoredTensor], _ expected: [StoredTensor], sourceLocation: SourceLocation = #_sourceLocation
) {
    let byName: (StoredTensor, StoredTensor) -> Bool = { $0.name < $1.name }
    #expect(found.count == expected.count, sourceLocation: sourceLocation)
    for (a, b) in zip(found.sorted(by: byName), expected.sorted(by: byName)) {
        #expect(a.name == b.name, sourceLocation: sourceLocation)
        #expect(a.shape == b.shape && a.type == b.type, "\(a.name)", sourceLocation: sourceLocation)
        #expect(a.contents == b.contents, "\(a.name)", sourceLocation: sourceLocation)
    }
}
