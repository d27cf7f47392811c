import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("A folder that holds a model")
struct CheckpointFolderTests {
    private static let tensors = (0..<4).map { counting("blocks.\($0).ln1.weight", [8], from: $0) }

    /// A folder with two shards of two tensors and an index that says `map`.
    private func shards(
        _ map: [String: String]? = nil, index: String? = nil, without missing: String? = nil
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for (name, part) in [("one.safetensors", 0..<2), ("two.safetensors", 2..<4)] where name != missing {
            _ = try folder.safetensors(name, Array(Self.tensors[part]))
        }
        let map =
            map
            ?? Dictionary(
                uniqueKeysWithValues: Self.tensors.enumerated().map {
                    ($1.name, $0 < 2 ? "one.safetensors" : "two.safetensors")
                })
        let json = try JSONEncoder().encode(["weight_map": map])
        _ = try folder.file(
            "model.safetensors.index.json", index.map { Array($0.utf8) } ?? Array(json))
        return folder
    }

    @Test("opens in shards as if they were one file")
    func sharded() throws {
        let folder = try shards()
        let found = try ModelCheckpoint(path: folder.path)
        expectSame(found.tensors, Self.tensors)
        #expect(found.formatName == "safetensors")
        let transformers = try ModelCheckpoint(path: dialectFixture("transformers_rwkv4"))
        #expect(transformers.tensors.count == 60)
        #expect(transformers.metadata["format"] == "pt")
    }

    @Test("opens by the names of the hub, or if it holds one checkpoint of any name")
    func single() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("some.pth", pyTorchBytes(Self.tensors))
        expectSame(try ModelCheckpoint(path: folder.path).tensors, Self.tensors)
        _ = try folder.file("other.pth", pyTorchBytes(Array(Self.tensors.prefix(1))))
        #expect(
            throws: CheckpointError.folderWithoutModel(path: folder.path, checkpoints: ["other.pth", "some.pth"])
        ) { try ModelCheckpoint(path: folder.path) }
        _ = try folder.file("pytorch_model.bin", pyTorchBytes(Array(Self.tensors.prefix(2))))
        #expect(try ModelCheckpoint(path: folder.path).tensors.count == 2)
        _ = try folder.safetensors("model.safetensors", Array(Self.tensors.prefix(3)))
        #expect(try ModelCheckpoint(path: folder.path).tensors.count == 3)
        #expect(throws: CheckpointError.folderWithoutModel(path: "/dev/fd", checkpoints: [])) {
            try ModelCheckpoint(path: "/dev/fd")
        }
        #expect(throws: CheckpointError.missingFile(path: folder.path + "/nothing")) {
            try ModelCheckpoint(path: folder.path + "/nothing")
        }
    }

    @Test(
        "is refused if its index leads out of it",
        arguments: ["../one.safetensors", "/etc/passwd", "..", "", "a/b", "one.safetensors\u{0}"])
    func outside(shard: String) throws {
        let folder = try shards(["blocks.0.ln1.weight": shard, "blocks.1.ln1.weight": "one.safetensors"])
        #expect(throws: CheckpointError.shardOutsideFolder(name: shard)) { try ModelCheckpoint(path: folder.path) }
    }

    @Test("is refused if its index and its shards do not agree")
    func disagreement() throws {
        let missing = try shards(without: "two.safetensors")
        #expect(throws: CheckpointError.shardMissing(name: "two.safetensors")) {
            try ModelCheckpoint(path: missing.path)
        }
        let lacking = try shards(["blocks.9.ln1.weight": "one.safetensors"])
        #expect(throws: CheckpointError.shardLacksTensor(name: "blocks.9.ln1.weight", shard: "one.safetensors")) {
            try ModelCheckpoint(path: lacking.path)
        }
        let swapped = try shards([
            "blocks.0.ln1.weight": "two.safetensors", "blocks.1.ln1.weight": "one.safetensors",
        ])
        #expect(throws: CheckpointError.shardLacksTensor(name: "blocks.0.ln1.weight", shard: "two.safetensors")) {
            try ModelCheckpoint(path: swapped.path)
        }
        let twice = try shards()
        _ = try twice.safetensors("two.safetensors", Array(Self.tensors[1..<4]))
        #expect(
            throws: CheckpointError.tensorInTwoShards(
                name: "blocks.1.ln1.weight", first: "one.safetensors", second: "two.safetensors")
        ) { try ModelCheckpoint(path: twice.path) }
        let damaged = try shards()
        _ = try damaged.file("two.safetensors", [1, 2, 3])
        #expect(
            throws: CheckpointError.inShard(
                name: "two.safetensors", defect: .unknownContent(firstBytes: [1, 2, 3]))
        ) { try ModelCheckpoint(path: damaged.path) }
    }

    @Test(
        "is refused if its index is none",
        arguments: [
            "", "{}", "[]", "{\"weight_map\": {}}", "{\"weight_map\": {\"a\": 3}}", "{\"weight_map\": [", "\u{0}",
        ])
    func malformed(index: String) throws {
        let folder = try shards(index: index)
        let error = #expect(throws: CheckpointError.self) { try ModelCheckpoint(path: folder.path) }
        let path = folder.path + "/model.safetensors.index.json"
        switch error {
        case .emptyFile(path): #expect(index.isEmpty)
        case .indexMalformed(path, _): #expect(!index.isEmpty)
        default: Issue.record("\(String(describing: error))")
        }
    }
}
