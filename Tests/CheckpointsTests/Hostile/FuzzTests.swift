import Checkpoints
import Tensors
import Testing

/// 24,000 damaged files, 4,000 of each of six kinds. A trap ends the test program: its block was then reported as
/// started and not as passed, and its seeds are `block * 1000 ..< (block + 1) * 1000`.
@Suite("Damaged files neither trap nor reach outside their bytes")
struct FuzzTests {
    private static let filesPerBlock = 1000
    private static let blocks = 0..<4 as Range<UInt64>

    private let tensors = [
        StoredTensor(name: "emb.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6]),
        StoredTensor(name: "x_r", shape: [1, 1, 4], type: .bf16, storage: Storage(copying: [1, 2, 3, 4] as [UInt16])),
        StoredTensor(name: "b", shape: [5], type: .u8, storage: Storage(copying: [1, 2, 3, 4, 5] as [UInt8])),
    ]

    @Test("Safetensors", arguments: blocks)
    func safetensors(block: UInt64) throws {
        try fuzz([try safetensorsBytes(tensors, metadata: ["format": "pt"])], block)
    }

    @Test("PyTorch's layout", arguments: blocks)
    func newLayout(block: UInt64) throws {
        let archive = torchArchive(PickleText.pickle(PickleText.minimal), largestIn32Bits: 0)
        try fuzz([try pyTorchBytes(tensors), TorchFile.new2.bytes, TorchFile.new4.bytes, archive], block)
    }

    @Test("PyTorch's old layout", arguments: blocks)
    func oldLayout(block: UInt64) throws {
        try fuzz([legacyFile(PickleText.minimal), TorchFile.old2.bytes, TorchFile.old4.bytes], block)
    }

    @Test("Pickles behind a right checksum", arguments: blocks)
    func pickles(block: UInt64) throws {
        let archives = try [TorchFile.new2, .new4].map { file in
            let archive = try ZipArchive(storage: Storage(copying: file.bytes))
            return try archive.names.map { ($0, Array(file.bytes[try archive.range(of: $0)])) }
        }
        let isPickle: ((String, [UInt8])) -> Bool = { $0.0.hasSuffix("data.pkl") }
        try fuzz(archives.compactMap { $0.first(where: isPickle)?.1 }, block) { pickle, base in
            zipArchive(archives[base].map { isPickle($0) ? ($0.0, pickle) : $0 })
        }
    }

    @Test("GGUF", arguments: blocks)
    func gguf(block: UInt64) throws {
        // The heads are what can be wrong, so the tensors are few.
        let tensors = OfficialTensors.model("7", layers: 1)
        let small = GGUFBytes.rwkv7([
            GGUFBytes.array("a", type: 8, count: 2, GGUFBytes.string("x") + GGUFBytes.string("yz"))
        ])
        .with(
            [
                GGUFBytes.tensor("output_norm.bias", [16]),
                GGUFBytes.tensor("blk.0.time_mix_w1.weight", [4, 2], offset: 64),
                GGUFBytes.tensor("blk.0.time_mix_key.weight", [32, 2], type: 8, offset: 96),
                GGUFBytes.tensor("blk.0.time_mix_lerp_fused.weight", [2, 1, 1, 6], offset: 192),
            ], dataByteCount: 256)
        let whole = try ggufBytes(tensors, type: .q4_0, vocabulary: [[], [65], [66]])
        try fuzz([small, Array(whole.prefix(4000)), small, whole], block)
    }

    @Test("Files of rwkv.cpp", arguments: blocks)
    func rwkvCpp(block: UInt64) throws {
        let small = RWKVCppDefects.file(
            sizes: [4, 2, 1], RWKVCppDefects.tensor("blocks.0.att.ln_x.weight", [1], RWKVCppDefects.floats(1)),
            RWKVCppDefects.tensor("blocks.0.att.time_decay", [1, 1, 2], RWKVCppDefects.floats(0.5, 0.25)),
            RWKVCppDefects.tensor("blocks.0.att.time_faaaa", [1, 2, 1], RWKVCppDefects.floats(0.5, 0.25)),
            RWKVCppDefects.tensor("blocks.0.att.key.weight", [32], type: 9, [UInt8](repeating: 1, count: 34)))
        let six = RWKVCppDefects.file(
            sizes: [4, 2, 1], RWKVCppDefects.tensor("blocks.0.att.time_maa_x", [2], RWKVCppDefects.floats(1, 2)),
            RWKVCppDefects.tensor("blocks.0.att.time_maa_w2", [1, 2, 1], RWKVCppDefects.floats(1, 2)),
            RWKVCppDefects.tensor("blocks.0.att.time_maa_w1", [2, 1], RWKVCppDefects.floats(1, 2)))
        let seven = RWKVCppDefects.file(
            sizes: [4, 1, 1], RWKVCppDefects.tensor("blocks.0.att.r_k", [1], RWKVCppDefects.floats(1)),
            RWKVCppDefects.tensor("blocks.0.att.x_rwkvag", [1, 1, 6], RWKVCppDefects.floats(1, 2, 3, 4, 5, 6)))
        try fuzz([small, six, seven], block)
    }

    private func fuzz(
        _ bases: [[UInt8]], _ block: UInt64, wrap: ([UInt8], _ base: Int) -> [UInt8] = { bytes, _ in bytes }
    ) throws {
        var opened = 0
        for i in 0..<Self.filesPerBlock {
            let seed = block * UInt64(Self.filesPerBlock) + UInt64(i)
            var mutation = Mutation(seed: seed)
            let bytes = wrap(mutation.damaged(bases[i % bases.count]), i % bases.count)
            let storage = Storage(copying: bytes)
            do {
                let file = try CheckpointFile.open(storage: storage)
                opened += 1
                check(file, storage, seed)
            } catch {
                #expect(!error.description.isEmpty, "seed \(seed)")
            }
        }
        // Damage to the data is no defect of the file, so some must open; if all did, nothing would be checked.
        #expect((1..<Self.filesPerBlock).contains(opened), "\(opened) opened")
    }

    /// Expects the tensors to survive being written and read again, which reads every byte of them.
    private func check(_ file: any Checkpoint, _ storage: Storage, _ seed: UInt64) {
        var copied = 0
        for tensor in file.tensors where tensor.location.storage !== storage { copied += tensor.byteCount }
        // Blocks of four bits that become single-precision numbers grow eightfold.
        #expect(copied <= 8 * storage.bytes.count, "seed \(seed)")
        _ = NonFiniteScan.scan(file.tensors)
        #expect(throws: Never.self, "seed \(seed)") {
            let tensors = file.tensors.map { $0.type.isQuantized ? $0.converted(to: .f32) : $0 }
            let again = try SafetensorsFile(storage: Storage(copying: try safetensorsBytes(tensors)))
            expectSame(again.tensors, tensors)
        }
    }
}
