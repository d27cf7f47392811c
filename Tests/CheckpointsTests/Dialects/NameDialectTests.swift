import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// A model in another naming, and a model of the same version in the official one.
struct DialectCase: Sendable, CustomTestStringConvertible {
    let folder: String
    let official: String
    var testDescription: String { folder }

    // The official models have two heads and more: extents of one are not told from missing ones.
    static let all = [
        DialectCase(folder: "transformers_rwkv4", official: "inference/v4_a"),
        DialectCase(folder: "fla_rwkv6", official: "inference/v6_b"),
        DialectCase(folder: "fla_rwkv7", official: "inference/v7_b"),
    ]
}

@Suite("Models in other projects' namings")
struct NameDialectTests {
    @Test(
        "get the names and extents that the official files of their version have",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"), arguments: DialectCase.all)
    func names(dialect: DialectCase) throws {
        let found = try ModelCheckpoint(path: dialectFixture(dialect.folder))
        let official = try SafetensorsFile(
            path: "\(SharedFixtures.folder)/\(dialect.official)/model.safetensors")
        #expect(found.dialectName != nil)
        let layers = Set(found.names.compactMap(layer))
        // The official files of RWKV-7 hold three tensors in layer 0 that nothing uses.
        let unused: Set = ["blocks.0.att.v0", "blocks.0.att.v1", "blocks.0.att.v2"]
        let needed = official.names.filter { layer(of: $0).map(layers.contains) ?? true }.subtracting(unused)
        // Layer 2 has the names of layer 1.
        let more = layers.contains(2) ? Set(needed.filter { layer(of: $0) == 1 }.map(inLayer2)) : []
        #expect(found.names == needed.union(more))
        for name in needed {
            let dimensions = official[name]?.shape.squeezed.extents.count
            #expect(found[name]?.shape.squeezed.extents.count == dimensions, "\(name)")
        }
    }

    private func layer(of name: String) -> Int? {
        name.hasPrefix("blocks.") ? Int(name.dropFirst(7).prefix { $0 != "." }) : nil
    }

    private func inLayer2(_ name: String) -> String {
        name.replacingOccurrences(of: "blocks.1.", with: "blocks.2.")
    }

    @Test("stay where they are in memory, but for transposed factors", arguments: DialectCase.all)
    func inPlace(dialect: DialectCase) throws {
        let found = try ModelCheckpoint(path: dialectFixture(dialect.folder))
        let copied = Set(found.tensors.filter { $0.location.storage.mutableBytes != nil }.map { suffix($0.name) })
        let expected: [String: Set<String>] = [
            "transformers_rwkv4": [],
            "fla_rwkv6": ["att.time_maa_w1", "att.time_maa_w2", "att.time_decay_w1", "att.time_decay_w2"],
            "fla_rwkv7": Set(["w", "a", "g", "v"].flatMap { ["att.\($0)1", "att.\($0)2"] }),
        ]
        #expect(copied == expected[dialect.folder])
    }

    private func suffix(_ name: String) -> String { name.split(separator: ".").dropFirst(2).joined(separator: ".") }

    @Test("have their factors transposed and their biases as w0, a0, v0")
    func transposed() throws {
        let file = try SafetensorsFile(path: dialectFixture("fla_rwkv7") + "/model.safetensors")
        let model = try ModelCheckpoint(path: dialectFixture("fla_rwkv7"))
        let foreign = try #require(file["model.layers.1.attn.v_lora.lora.0.weight"])
        let official = try #require(model["blocks.1.att.v1"])
        #expect(foreign.shape == [4, 64] && official.shape == [64, 4])
        let (rows, columns) = (try #require(foreign.floats()), try #require(official.floats()))
        for row in 0..<4 {
            for column in 0..<64 { #expect(rows[row * 64 + column] == columns[column * 4 + row]) }
        }
        #expect(model["blocks.1.att.w0"]?.contents == file["model.layers.1.attn.w_lora.lora.2.bias"]?.contents)
        #expect(model["blocks.0.att.r_k"]?.contents == file["model.layers.0.attn.r_k"]?.contents)
    }

    @Test("of RWKV-7's first version have the mixes of a layer in one matrix")
    func firstVersion() throws {
        // The order of the rows: RWKV7Model.load_state_dict in fla/models/rwkv7/modeling_rwkv7.py.
        let file = try SafetensorsFile(path: dialectFixture("fla_rwkv7") + "/model.safetensors")
        var tensors = file.tensors.filter { !$0.name.contains("attn.x_") }
        for layer in 0..<2 {
            let rows = try ["r", "w", "k", "v", "a", "g"].map {
                try #require(file["model.layers.\(layer).attn.x_\($0)"]).contents
            }
            tensors.append(
                StoredTensor(
                    name: "model.layers.\(layer).attn.x_x", shape: [6, 64], type: .bf16,
                    storage: Storage(copying: rows.joined().map { $0 })))
        }
        let folder = try TemporaryFolder()
        let first = try ModelCheckpoint(path: folder.safetensors("first.safetensors", tensors))
        let second = try ModelCheckpoint(path: dialectFixture("fla_rwkv7"))
        #expect(first.dialectName != second.dialectName)
        expectSame(
            first.tensors.map { $0.squeezed }, second.tensors.map { $0.squeezed })
    }

    @Test("are refused with the file's own name for what is missing or too much")
    func incomplete() throws {
        let folder = try TemporaryFolder()
        let file = try SafetensorsFile(path: dialectFixture("fla_rwkv7") + "/model.safetensors")
        let lost = "model.layers.1.attn.a_lora.lora.2.bias"
        let incomplete = try folder.safetensors("a", file.tensors.filter { $0.name != lost })
        #expect(throws: CheckpointError.dialectTensorMissing(name: lost, dialect: "flash-linear-attention's RWKV-7")) {
            try ModelCheckpoint(path: incomplete)
        }
        let extra = try folder.safetensors("b", file.tensors + [counting("model.layers.0.attn.q_proj.weight", [2, 2])])
        #expect(
            throws: CheckpointError.dialectTensorsUnknown(
                names: ["model.layers.0.attn.q_proj.weight"], dialect: "flash-linear-attention's RWKV-7")
        ) { try ModelCheckpoint(path: extra) }
        // A number of layers that nobody can load.
        let tall = try folder.safetensors(
            "c", file.tensors + [counting("model.layers.4611686018427387904.ffn.x_k", [64])])
        #expect(
            throws: CheckpointError.dialectTensorMissing(
                name: "model.layers.2.attn_norm.weight", dialect: "flash-linear-attention's RWKV-7")
        ) { try ModelCheckpoint(path: tall) }
        let flat = try folder.safetensors(
            "d",
            file.tensors.map {
                $0.name.hasSuffix("g_lora.lora.0.weight") ? counting($0.name, [12 * 64]) : $0
            })
        #expect(
            throws: CheckpointError.dialectShapeMismatch(
                name: "model.layers.0.attn.g_lora.lora.0.weight", needed: "two extents", found: [768])
        ) { try ModelCheckpoint(path: flat) }
    }

    @Test("Hugging Face's RWKV-5 and RWKV-6 get the official names", arguments: ["5_2_a", "6_a"])
    func remoteCode(version: String) throws {
        try #require(sharedDataIsExpected)
        let official = try SafetensorsFile(
            path: "\(SharedFixtures.folder)/inference/v\(version)/model.safetensors")
        let folder = try TemporaryFolder()
        let foreign = try folder.safetensors(
            "model.safetensors", official.tensors.map { $0.renamed(huggingFaceName($0.name)) })
        #expect(try SafetensorsFile(path: foreign).names.isDisjoint(with: official.names.subtracting(["head.weight"])))
        let found = try ModelCheckpoint(path: foreign)
        #expect(found.dialectName?.contains("RWKV-\(version.prefix(1))") == true)
        expectSame(found.tensors, official.tensors)
    }

    /// As `scripts/convert_rwkv5_checkpoint_to_hf.py` of BBuf/RWKV-World-HF-Tokenizer renames; RWKV-6 has no time_mix.
    private func huggingFaceName(_ name: String) -> String {
        if name == "head.weight" { return name }
        var name = "rwkv." + name.replacingOccurrences(of: "emb.", with: "embeddings.")
        for (old, new) in [
            (".ln0", ".pre_ln"), (".att.", ".attention."), (".ffn.", ".feed_forward."), ("time_mix_k", "time_mix_key"),
            ("time_mix_v", "time_mix_value"), ("time_mix_r", "time_mix_receptance"), ("time_mix_g", "time_mix_gate"),
        ] { name = name.replacingOccurrences(of: old, with: new) }
        return name
    }

    @Test("Official names and names of nobody are left alone")
    func untouched() throws {
        let folder = try TemporaryFolder()
        for tensors in [
            oneTensorOfEveryType,
            try SafetensorsFile(path: goldenCase("inference/v4_a") + "/model.safetensors").tensors,
        ] {
            let path = try folder.safetensors("a.safetensors", tensors)
            let found = try ModelCheckpoint(path: path)
            #expect(found.dialectName == nil)
            expectSame(found.tensors, tensors)
        }
    }
}

extension StoredTensor {
    /// The same with no extents of one.
    fileprivate var squeezed: StoredTensor {
        let (storage, offset) = location
        return StoredTensor(name: name, shape: shape.squeezed, type: type, storage: storage, offset: offset)
    }
}
