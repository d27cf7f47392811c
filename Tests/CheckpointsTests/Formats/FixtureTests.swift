import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("The reference checkpoints", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct FixtureTests {
    @Test("are all there: 49 in safetensors, 14 of PyTorch")
    func present() {
        #expect(SharedFixtures.files(".safetensors").count >= 49, "looked in \(SharedFixtures.folder)")
        #expect(SharedFixtures.files(".pth").count >= 14, "looked in \(SharedFixtures.folder)")
    }

    @Test(
        "open, and hold finite values", arguments: SharedFixtures.files(".safetensors") + SharedFixtures.files(".pth"))
    func open(path: String) throws {
        let file = try CheckpointFile.open(path: SharedFixtures.folder + "/" + path)
        #expect(file is PyTorchFile == path.hasSuffix(".pth"))
        #expect(!file.tensors.isEmpty)
        #expect(NonFiniteScan.scan(file.tensors) == [])
    }

    @Test("hold the same as .pth and as .safetensors", arguments: SharedFixtures.files(".pth"))
    func twins(path: String) throws {
        let stem = path.replacingOccurrences(of: ".bf16.pth", with: "").replacingOccurrences(of: ".fp32.pth", with: "")
            .replacingOccurrences(of: ".pth", with: "")
        let twin = SharedFixtures.folder + "/" + stem + ".safetensors"
        let withoutTwin = [
            "optional_v7a_deepembed/model.bf16.pth", "state_tuning/v6/model.bf16.pth", "state_tuning/v7/model.bf16.pth",
        ]
        guard FileManager.default.fileExists(atPath: twin) else {
            #expect(withoutTwin.contains(path), "no \(twin)")
            return
        }
        let found = try PyTorchFile(path: SharedFixtures.folder + "/" + path).tensors
        let expected = try SafetensorsFile(path: twin).tensors
        // The fp32 files hold the bf16 files' numbers in another type.
        let types = Dictionary(uniqueKeysWithValues: expected.map { ($0.name, $0.type) })
        expectSame(found.map { $0.converted(to: types[$0.name] ?? $0.type) }, expected)
    }

    @Test("survive being written and read again", arguments: SharedFixtures.files(".pth"))
    func rewritten(path: String) throws {
        let tensors = try PyTorchFile(path: SharedFixtures.folder + "/" + path).tensors
        expectSame(try PyTorchFile(storage: Storage(copying: try pyTorchBytes(tensors))).tensors, tensors)
        expectSame(try SafetensorsFile(storage: Storage(copying: try safetensorsBytes(tensors))).tensors, tensors)
    }
}
