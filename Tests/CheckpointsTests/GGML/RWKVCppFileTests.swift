import Checkpoints
import Tensors
import Testing

private let blockTypes: [DataType] = [.q8_0, .q5_1, .q5_0, .q4_1, .q4_0]

@Suite("A file of rwkv.cpp")
struct RWKVCppFileTests {
    private func reopened(_ bytes: [UInt8]) throws -> [StoredTensor] {
        #expect(RWKVCppFile.recognizes(Array(bytes.prefix(512))))
        return try RWKVCppFile(storage: Storage(copying: bytes)).tensors
    }

    /// Decays and RWKV-5.0's bonus go through their exponentials; everything else comes back bit for bit.
    private func expectOfficial(_ found: [StoredTensor], _ official: [StoredTensor]) {
        let isApproximate = { (tensor: StoredTensor) in
            tensor.name.hasSuffix(".att.time_decay") || tensor.name.hasSuffix(".att.time_first")
        }
        expectSame(found.filter { !isApproximate($0) }, official.filter { !isApproximate($0) })
        for tensor in official.filter(isApproximate) {
            let other = found[tensor.name]
            #expect(other?.shape == tensor.shape, "\(tensor.name)")
            let pairs = zip(other?.floats() ?? [], tensor.floats() ?? [])
            #expect(pairs.allSatisfy { abs($0 - $1) < 1e-6 }, "\(tensor.name)")
        }
    }

    @Test("gives back the official tensors", arguments: ["4", "5.0", "5.2", "6", "7"])
    func roundTrip(version: String) throws {
        let official = OfficialTensors.model(version)
        expectOfficial(try reopened(rwkvCppBytes(official)), official.used)
        // What the format does not have becomes f32.
        expectOfficial(try reopened(rwkvCppBytes(OfficialTensors.model(version, type: .bf16))), official.used)
    }

    @Test("holds RWKV-5.1 as the RWKV-5.2 that computes the same")
    func version51() throws {
        let found = try reopened(rwkvCppBytes(OfficialTensors.model("5.1")))
        for tensor in OfficialTensors.model("5.1") where tensor.shape == [2] {
            let other = try #require(found[tensor.name])
            #expect(other.shape == [2, 32])
            let expected = (tensor.floats() ?? []).flatMap { [Float](repeating: $0, count: 32) }
            #expect(zip(other.floats() ?? [], expected).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test(
        "holds the projections of the blocks in the type that is asked for", arguments: ["4", "5.2", "6", "7"],
        blockTypes + [.f16])
    func types(version: String, type: DataType) throws {
        let official = OfficialTensors.model(version)
        let found = try reopened(rwkvCppBytes(official, type: type))
        let inBlocks = ["4": 7, "5.2": 8, "6": 8, "7": 6][version, default: 0] * 2
        #expect(found.filter { $0.type == type }.count == inBlocks + (type == .f16 ? 2 : 0))
        for tensor in found where tensor.type == type {
            #expect(tensor.contents == official[tensor.name]?.converted(to: type).contents, "\(tensor.name)")
        }
        let again = try reopened(rwkvCppBytes(found))
        expectOfficial(again, found)
    }

    // Expected: torch, as in rwkv.cpp's convert_pytorch_to_ggml.py: -exp(w), exp(-exp(w)) and exp(u).
    @Test("has decays and bonuses in the forms that rwkv.cpp computes with")
    func forms() throws {
        let four = try rwkvCppBytes(decays("4", "time_decay", [64], 0.5))
        // Outside of the expectation, which would print the whole file.
        func expectValue(_ bytes: [UInt8], _ head: [UInt8], _ value: Float) {
            let isThere = contains(bytes, head, value)
            #expect(isThere, "no \(value) behind \(head)")
        }
        expectValue(four, RWKVCppDefects.tensor("blocks.0.att.time_decay", [64]), -1.648_721_3)
        let five = try rwkvCppBytes(decays("5.0", "time_decay", [2], -1))
        expectValue(five, RWKVCppDefects.tensor("blocks.0.att.time_decay", [1, 1, 2]), 0.692_200_6)
        let first = try rwkvCppBytes(decays("5.0", "time_first", [2], 0.25))
        expectValue(first, RWKVCppDefects.tensor("blocks.0.att.time_first", [1, 1, 2]), 1.284_025_4)
        let later = try rwkvCppBytes(decays("5.2", "time_decay", [2, 32], -1))
        expectValue(later, RWKVCppDefects.tensor("blocks.0.att.time_decay", [1, 32, 2]), 0.692_200_6)
        let six = try rwkvCppBytes(decays("6", "time_decay", [1, 1, 64], -1))
        expectValue(six, RWKVCppDefects.tensor("blocks.0.att.time_decay", [1, 32, 2]), -1)
    }

    private func decays(_ version: String, _ name: String, _ shape: Shape, _ value: Float) -> [StoredTensor] {
        OfficialTensors.model(version).map { tensor in
            tensor.name.hasSuffix("att.\(name)")
                ? StoredTensor(name: tensor.name, shape: shape, floats: [Float](repeating: value, count: shape.count))
                : tensor
        }
    }

    private func contains(_ bytes: [UInt8], _ head: [UInt8], _ value: Float) -> Bool {
        let start = bytes.firstOffset(of: head) + head.count
        guard start + 4 <= bytes.count else { return false }
        let bits = (0..<4).reduce(0 as UInt32) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
        return abs(Float(bitPattern: bits) - value) < 2e-7 * max(1, abs(value))
    }

    @Test("has finite decays where rwkv.cpp's are at their limits")
    func limits() throws {
        let norm = RWKVCppDefects.tensor("blocks.0.att.ln_x.weight", [1], RWKVCppDefects.floats(1))
        let decay = RWKVCppDefects.tensor("blocks.0.att.time_decay", [1, 1, 2], RWKVCppDefects.floats(0, 1))
        let found = try reopened(RWKVCppDefects.file(sizes: [4, 8, 1], norm, decay))
        #expect(found["blocks.0.att.time_decay"]?.floats() == [5, -20])
        let four = RWKVCppDefects.tensor("blocks.0.att.time_decay", [2], RWKVCppDefects.floats(0, -1))
        #expect(
            try reopened(RWKVCppDefects.file(sizes: [4, 2, 1], four))["blocks.0.att.time_decay"]?.floats() == [-104, 0])
    }

    @Test("may have one head written without its extent of one")
    func oneHead() throws {
        let norm = RWKVCppDefects.tensor("blocks.0.att.ln_x.weight", [1], RWKVCppDefects.floats(1))
        let bonus = RWKVCppDefects.tensor("blocks.0.att.time_faaaa", [1, 4], RWKVCppDefects.floats(1, 2, 3, 4))
        let found = try reopened(RWKVCppDefects.file(sizes: [4, 4, 1], norm, bonus))
        #expect(found["blocks.0.att.time_faaaa"]?.shape == [1, 4])
    }

    @Test(
        "says with which epsilon rwkv.cpp computes RWKV-5, which is not the official one",
        arguments: OfficialTensors.versions)
    func epsilon(version: String) throws {
        let file = try RWKVCppFile(storage: Storage(copying: rwkvCppBytes(OfficialTensors.model(version))))
        #expect(file.metadata == (version.hasPrefix("5") ? ["group_norm_epsilon": "1e-05"] : [:]))
    }

    @Test("is not written in types that it does not have, nor with tensors that it has no place for")
    func refused() throws {
        #expect(throws: CheckpointError.typeNotInFormat(name: "the model", type: .bf16, format: "rwkv.cpp")) {
            try rwkvCppBytes(OfficialTensors.model("4"), type: .bf16)
        }
        let extra = StoredTensor(name: "emb_scale", shape: [1], floats: [1])
        #expect(throws: CheckpointError.tensorNotInFormat(name: "emb_scale", format: "rwkv.cpp")) {
            try rwkvCppBytes(OfficialTensors.model("4") + [extra])
        }
        let incomplete = OfficialTensors.model("7").filter { $0.name != "blocks.1.att.x_r" }
        #expect(throws: CheckpointError.missingTensor(name: "blocks.1.att.x_r")) { try rwkvCppBytes(incomplete) }
    }
}
