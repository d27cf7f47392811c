import Checkpoints
import Tensors
import Testing

private let versions = ["6", "7"]
private let blockTypes: [DataType] = [.q8_0, .q5_1, .q5_0, .q4_1, .q4_0]

@Suite("A GGUF file")
struct GGUFFileTests {
    private func reopened(_ bytes: [UInt8]) throws -> GGUFFile {
        #expect(GGUFFile.recognizes(Array(bytes.prefix(512))))
        return try GGUFFile(storage: Storage(copying: bytes))
    }

    @Test("gives back the official tensors, bit for bit", arguments: versions)
    func roundTrip(version: String) throws {
        let official = OfficialTensors.model(version)
        expectSame(try reopened(ggufBytes(official)).tensors, official.used)
        expectSame(try reopened(ggufBytes(official, type: .f32)).tensors, official.used)
    }

    @Test("keeps bfloat16 matrices as they are and the rest as the same numbers", arguments: versions)
    func bfloat16(version: String) throws {
        let official = OfficialTensors.model(version, type: .bf16)
        let found = try reopened(ggufBytes(official)).tensors
        #expect(found["blocks.1.att.key.weight"]?.type == .bf16 && found["emb.weight"]?.type == .bf16)
        #expect(found["ln_out.weight"]?.type == .f32)
        expectSame(found.map { $0.converted(to: .bf16) }, official.used)
    }

    @Test("holds the matrices in the type that is asked for", arguments: versions, blockTypes + [.f16, .bf16])
    func types(version: String, type: DataType) throws {
        let official = OfficialTensors.model(version)
        let found = try reopened(ggufBytes(official, type: type)).tensors
        let matrices = found.filter { $0.type == type }
        // Per layer 4 or 5 in the time mix and 2 or 3 in the channel mix; embedding and head.
        #expect(matrices.count == (version == "6" ? 18 : 14))
        for tensor in found {
            let source = try #require(official[tensor.name])
            #expect(tensor.contents == source.converted(to: tensor.type).contents, "\(tensor.name)")
        }
        // Written again without a type, blocks stay what they are.
        expectSame(try reopened(ggufBytes(found)).tensors, found)
    }

    @Test("uses matrices in place")
    func inPlace() throws {
        let storage = Storage(copying: try ggufBytes(OfficialTensors.model("7"), type: .q8_0))
        let matrix = try #require(try GGUFFile(storage: storage).tensors["blocks.0.ffn.key.weight"])
        #expect(matrix.location.storage === storage && matrix.location.offset.isMultiple(of: 32))
    }

    @Test("may be of version 2 and have another alignment")
    func oldVersion() throws {
        var file = GGUFBytes.rwkv7([GGUFBytes.count("general.alignment", 64)])
        file.version = 2
        file.alignment = 64
        file.tensors = [
            GGUFBytes.tensor("output_norm.bias", [2], offset: 64), GGUFBytes.tensor("output_norm.weight", [1]),
        ]
        file.data = littleEndian(Float(3).bitPattern) + [UInt8](repeating: 0, count: 60)
        file.data += littleEndian(Float(1).bitPattern) + littleEndian(Float(2).bitPattern)
        let tensors = try reopened(file.bytes).tensors
        #expect(tensors.map(\.name) == ["ln_out.bias", "ln_out.weight"])
        #expect(tensors.map { $0.floats() } == [[1, 2], [3]])
    }

    @Test("shows keys with one value as text, of every type")
    func metadata() throws {
        let values: [(UInt32, [UInt8], String)] = [
            (0, [200], "200"), (1, [200], "-56"), (2, [1, 2], "513"), (3, [0xFF, 0xFF], "-1"),
            (4, [1, 0, 0, 0], "1"), (5, [0xFE, 0xFF, 0xFF, 0xFF], "-2"),
            (6, littleEndian(Float(1e-5).bitPattern), "1e-05"),
            (7, [1], "true"), (8, GGUFBytes.string("ü"), "ü"), (10, littleEndian(UInt64.max), "18446744073709551615"),
            (11, littleEndian(Int64.min), "-9223372036854775808"), (12, littleEndian((0.5).bitPattern), "0.5"),
        ]
        let keys = values.map { GGUFBytes.key("k\($0.0)", type: $0.0, $0.1) }
        let inner = littleEndian(UInt32(0)) + littleEndian(UInt64(2)) + [1, 2]
        let nested = GGUFBytes.array("nested", type: 9, count: 2, inner + inner)
        let file = try reopened(GGUFBytes.rwkv7(keys + [nested]).bytes)
        for (type, _, text) in values { #expect(file.metadata["k\(type)"] == text, "type \(type)") }
        #expect(file.metadata["nested"] == nil && file.metadata["general.architecture"] == "rwkv7")
    }

    @Test(
        "has RWKV-6's output matrices multiplied back by powers of two, whatever their type",
        arguments: blockTypes + [.f32, .bf16, .f16])
    func rescaled(type: DataType) throws {
        let official = OfficialTensors.model("6", layers: 5)
        // What llama.cpp's converter does: the matrices of layer l are divided by 2^(l / 2).
        let divided = official.map { tensor in
            guard let layer = Int(tensor.name.split(separator: ".").dropFirst().first ?? ""),
                tensor.name.hasSuffix("att.output.weight") || tensor.name.hasSuffix("ffn.value.weight")
            else { return tensor }
            return tensor.timesPowerOfTwo(-(layer / 2))
        }
        var bytes = try ggufBytes(divided, type: type)
        let key = GGUFBytes.count("rwkv6.rescale_every_n_layers", 0)
        bytes = bytes.replacing(
            at: bytes.firstOffset(of: key), with: GGUFBytes.count("rwkv6.rescale_every_n_layers", 2))
        for tensor in try reopened(bytes).tensors {
            let source = try #require(official[tensor.name])
            #expect(tensor.floats() == source.converted(to: tensor.type).floats(), "\(tensor.name)")
        }
    }

    @Test("has RWKV-6's vectors one by one in files of llama.cpp's first months")
    func separateVectors() throws {
        var file = GGUFBytes.architecture("rwkv6", [GGUFBytes.count("rwkv6.wkv.head_size", 32)])
        file.tensors = [GGUFBytes.tensor("blk.3.time_mix_lerp_w.weight", [32])]
        file.data = [UInt8](repeating: 0, count: 128)
        let tensors = try reopened(file.bytes).tensors
        #expect(tensors.map(\.name) == ["blocks.3.att.time_maa_w"] && tensors.map(\.shape) == [[1, 1, 32]])
    }

    @Test("keeps the names of tensors that are not known")
    func unknownNames() throws {
        let bytes = GGUFBytes.rwkv7().with(
            [GGUFBytes.tensor("blk.0.time_mix_new.weight", [1]), GGUFBytes.tensor("blk.x", [1], offset: 32)],
            dataByteCount: 64)
        #expect(try reopened(bytes).tensors.map(\.name) == ["blk.0.time_mix_new.weight", "blk.x"])
    }

    @Test("is written for llama.cpp with the keys that it needs, read from the shapes")
    func keys() throws {
        let six = try reopened(ggufBytes(OfficialTensors.model("6"), type: .q5_1)).metadata
        #expect(six["rwkv6.time_mix_extra_dim"] == "8" && six["rwkv6.time_decay_extra_dim"] == "12")
        #expect(six["rwkv6.feed_forward_length"] == "96" && six["rwkv6.embedding_length"] == "64")
        #expect(six["general.file_type"] == "9" && six["rwkv6.block_count"] == "2")
        let seven = try reopened(ggufBytes(OfficialTensors.model("7"))).metadata
        #expect(seven["rwkv7.attention.decay_lora_rank"] == "12" && seven["rwkv7.attention.iclr_lora_rank"] == "8")
        #expect(seven["rwkv7.attention.value_residual_mix_lora_rank"] == "4")
        #expect(seven["rwkv7.attention.gate_lora_rank"] == "16" && seven["rwkv7.wkv.head_size"] == "32")
        #expect(seven["general.name"] == "tiny" && seven["general.file_type"] == "0")
        #expect(seven["rwkv7.attention.layer_norm_epsilon"] == "1e-05")
    }

    @Test("is not written of other models, nor with tensors that it has no place for")
    func refused() throws {
        for version in ["4", "5.2"] {
            let error = CheckpointError.architectureNotInFormat(
                found: "rwkv\(version.prefix(1))", format: "GGUF", supported: ["rwkv6", "rwkv7"])
            #expect(throws: error) { try ggufBytes(OfficialTensors.model(version)) }
        }
        let nothing = CheckpointError.architectureNotInFormat(
            found: "no RWKV model", format: "GGUF", supported: ["rwkv6", "rwkv7"])
        #expect(throws: nothing) { try ggufBytes([StoredTensor(name: "w", shape: [1], floats: [1])]) }
        let state = StoredTensor(
            name: "blocks.0.att.time_state", shape: [2, 32, 32], floats: [Float](repeating: 0, count: 2048))
        #expect(throws: CheckpointError.tensorNotInFormat(name: state.name, format: "GGUF")) {
            try ggufBytes(OfficialTensors.model("7") + [state])
        }
        let incomplete = OfficialTensors.model("7").filter { $0.name != "blocks.1.att.x_r" }
        #expect(throws: CheckpointError.missingTensor(name: "blocks.1.att.x_r")) { try ggufBytes(incomplete) }
        let narrow = OfficialTensors.model("7").map { tensor in
            tensor.name == "blocks.0.ffn.key.weight"
                ? StoredTensor(name: tensor.name, shape: [128, 48], floats: (tensor.floats() ?? [])) : tensor
        }
        #expect(
            throws: CheckpointError.rowsNotWholeBlocks(name: "blocks.0.ffn.key.weight", rowLength: 48, type: .q8_0)
        ) { try ggufBytes(narrow, type: .q8_0) }
    }

    @Test("leaves no trace where it cannot be written")
    func noTrace() throws {
        let folder = try TemporaryFolder()
        #expect(throws: CheckpointError.self) {
            try GGUFFile.write(OfficialTensors.model("4"), to: folder.file("x.gguf"))
        }
        #expect(try folder.names.isEmpty)
        try GGUFFile.write(OfficialTensors.model("7"), type: .q4_0, to: folder.file("x.gguf"))
        #expect(try CheckpointFile.open(path: folder.file("x.gguf")) is GGUFFile)
    }
}

@Suite("The vocabulary in a GGUF file")
struct GGUFVocabularyTests {
    @Test("comes back as the bytes that were written, odd ones too")
    func roundTrip() throws {
        var vocabulary: [[UInt8]] = [[]] + (UInt8.min...UInt8.max).map { [$0] }.shuffled()
        vocabulary = Array(vocabulary.prefix(200))
        let odd = ["'", "\"", "'\"", "\\x41", "\\", "\n\n", "\t\r", "é", "日本", "<s>", " a b "]
        vocabulary += odd.map { Array($0.utf8) } + [[], [0xE6, 0x97], [0, 255, 0x7F]]
        let bytes = try ggufBytes(OfficialTensors.model("7"), vocabulary: vocabulary)
        let file = try GGUFFile(storage: Storage(copying: bytes))
        let found = try #require(file.vocabulary)
        #expect(found.count == 256)
        #expect(Array(found.prefix(vocabulary.count)) == vocabulary)
        #expect(!found.dropFirst(vocabulary.count).contains { !$0.isEmpty })
    }

    // Expected: repr(token)[2:-1] of Python, as llama.cpp's converter writes tokens.
    @Test(
        "is written as Python prints bytes",
        arguments: [
            ("a'b", "a'b"), ("a\"b", "a\"b"), ("'\"", "\\'\""), ("\\", "\\\\"),
            ("\n\t\r\u{0}\u{7F}", "\\n\\t\\r\\x00\\x7f"),
            ("é", "\\xc3\\xa9"),
        ])
    func escapes(token: String, text: String) throws {
        let bytes = try ggufBytes(OfficialTensors.model("7"), vocabulary: [[], Array(token.utf8)])
        let expected = GGUFBytes.string("<s>") + GGUFBytes.string(text) + GGUFBytes.string("[PAD2]")
        #expect(bytes.firstOffset(of: expected) < bytes.count)
    }

    @Test("is that of bytes for 256 tokens, and none for another number")
    func fallback() throws {
        let bytes = try GGUFFile(storage: Storage(copying: ggufBytes(OfficialTensors.model("6"))))
        #expect(bytes.vocabulary == [[]] + (1...255).map { [$0] })
        let larger = OfficialTensors.model("6").map { tensor in
            ["emb.weight", "head.weight"].contains(tensor.name)
                ? StoredTensor(name: tensor.name, shape: [128, 128], floats: tensor.floats() ?? []) : tensor
        }
        let file = try GGUFFile(storage: Storage(copying: ggufBytes(larger)))
        #expect(file.vocabulary == nil && file.metadata["tokenizer.ggml.model"] == "no_vocab")
        #expect(file.metadata["rwkv6.vocab_size"] == "128")
    }

    @Test("has no more tokens than the embedding has rows")
    func tooLarge() {
        let vocabulary = [[UInt8]](repeating: [65], count: 257)
        #expect(throws: CheckpointError.vocabularyTooLarge(tokenCount: 257, rowCount: 256)) {
            try ggufBytes(OfficialTensors.model("7"), vocabulary: vocabulary)
        }
    }

    @Test("is not taken from other kinds of tokenizers, nor from lists that are none")
    func otherKinds() throws {
        let tokens = GGUFBytes.array("tokenizer.ggml.tokens", type: 8, count: 1, GGUFBytes.string("a"))
        let numbers = GGUFBytes.array("tokenizer.ggml.tokens", type: 4, count: 1, [1, 0, 0, 0])
        let model = { GGUFBytes.text("tokenizer.ggml.model", $0) }
        for (keys, expected) in [
            ([tokens, model("gpt2")], nil), ([numbers, model("rwkv")], nil), ([model("rwkv")], nil),
            ([tokens, model("rwkv")], [[UInt8(ascii: "a")]]),
        ] as [([[UInt8]], [[UInt8]]?)] {
            #expect(try GGUFFile(storage: Storage(copying: GGUFBytes.rwkv7(keys).bytes)).vocabulary == expected)
        }
    }
}
