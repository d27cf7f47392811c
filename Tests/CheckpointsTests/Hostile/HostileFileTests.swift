import Checkpoints
import Tensors
import Testing

@Suite("Files with one defect are refused with the error that names it")
struct HostileFileTests {
    @Test("Safetensors", arguments: SafetensorsDefects.all)
    func safetensors(defect: Defect) {
        let error = #expect(throws: CheckpointError.self) {
            try SafetensorsFile(storage: Storage(copying: defect.bytes))
        }
        if case .headerNotJSON(let reason) = error {
            #expect(!reason.isEmpty)
            #expect(defect.error == .headerNotJSON(reason: ""))
        } else {
            #expect(error == defect.error)
        }
    }

    @Test("A name that occurs twice leaves bytes without a tensor")
    func repeatedName() {
        // Which of the two entries the decoder keeps decides which error it is.
        #expect(throws: CheckpointError.self) { try openFile(of: "a", "a") }
        #expect(throws: Never.self) { try openFile(of: "a", "b") }
    }

    private func openFile(of first: String, _ second: String) throws -> SafetensorsFile {
        let header = """
            {"\(first)":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},\
            "\(second)":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}
            """
        return try SafetensorsFile(
            storage: Storage(copying: littleEndian(UInt64(header.utf8.count)) + header.utf8 + [1, 2]))
    }

    @Test("Zip archives", arguments: ZipDefects.all)
    func zip(defect: Defect) {
        #expect(throws: defect.error) { try PyTorchFile(storage: Storage(copying: defect.bytes)) }
    }

    @Test("Pickles", arguments: PickleDefects.all)
    func pickles(defect: Defect) {
        #expect(throws: defect.error) { try PyTorchFile(storage: Storage(copying: defect.bytes)) }
    }

    @Test("GGUF", arguments: GGUFDefects.all)
    func gguf(defect: Defect) {
        #expect(throws: defect.error) { try GGUFFile(storage: Storage(copying: defect.bytes)) }
        #expect(!"\(defect.error)".hasPrefix("unknown defect"))
    }

    @Test("Files of rwkv.cpp", arguments: RWKVCppDefects.all)
    func rwkvCpp(defect: Defect) {
        #expect(throws: defect.error) { try RWKVCppFile(storage: Storage(copying: defect.bytes)) }
        #expect(!"\(defect.error)".hasPrefix("unknown defect"))
    }

    @Test("The files that the defects were put into are sound")
    func sound() throws {
        let pickle = PickleText.pickle(PickleText.minimal)
        for bytes in [torchArchive(pickle), torchArchive(pickle, largestIn32Bits: 0), legacyFile(PickleText.minimal)] {
            let tensors = try PyTorchFile(storage: Storage(copying: bytes)).tensors
            #expect(tensors.map(\.name) == ["w"])
            #expect(tensors.first?.floats() == [0, 1, 2, 3])
        }
        #expect(try GGUFFile(storage: Storage(copying: GGUFBytes.rwkv7().bytes)).tensors.isEmpty)
        let gguf = GGUFBytes.rwkv7().with([GGUFBytes.tensor("output_norm.bias", [16])], dataByteCount: 64)
        #expect(try GGUFFile(storage: Storage(copying: gguf)).tensors.map(\.name) == ["ln_out.bias"])
        let tensor = RWKVCppDefects.tensor("a", [1], RWKVCppDefects.floats(5))
        let rwkvCpp = try RWKVCppFile(storage: Storage(copying: RWKVCppDefects.file(tensor)))
        #expect(rwkvCpp.tensors.map { $0.floats() } == [[5]])
    }
}
