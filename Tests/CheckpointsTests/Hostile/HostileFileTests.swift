import Checkpoints
import Tensors
import Testing

@Suite("Files with one defect are refused with the error that names it")
struct HostileFileTests {
    @Test("Safetensors", arguments: SafetensorsDefects.all)
    func safetensors(defect: Defect) {
        #expect(throws: defect.error) { try SafetensorsFile(storage: Storage(copying: defect.bytes)) }
    }

    @Test("Zip archives", arguments: ZipDefects.all)
    func zip(defect: Defect) {
        #expect(throws: defect.error) { try PyTorchFile(storage: Storage(copying: defect.bytes)) }
    }

    @Test("Pickles", arguments: PickleDefects.all)
    func pickles(defect: Defect) {
        #expect(throws: defect.error) { try PyTorchFile(storage: Storage(copying: defect.bytes)) }
    }

    @Test("The files that the defects were put into are sound")
    func sound() throws {
        let pickle = PickleText.pickle(PickleText.minimal)
        for bytes in [torchArchive(pickle), torchArchive(pickle, largestIn32Bits: 0), legacyFile(PickleText.minimal)] {
            let tensors = try PyTorchFile(storage: Storage(copying: bytes)).tensors
            #expect(tensors.map(\.name) == ["w"])
            #expect(tensors.first?.floats() == [0, 1, 2, 3])
        }
    }
}
