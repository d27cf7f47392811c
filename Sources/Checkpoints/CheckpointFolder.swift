public import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A folder that holds one model: a snapshot of the Hugging Face hub, or a folder with a single checkpoint.
///
///     model.safetensors, pytorch_model.bin                          the whole model
///     model.safetensors.index.json, pytorch_model.bin.index.json    {"weight_map": {"tensor": "shard", …}}
///
/// The first of these that is there is opened; if none is, the folder's only checkpoint. Tensors are named as in the files.
public struct CheckpointFolder: TensorSource {
    /// What people call the format of the files.
    public let formatName: String

    /// The tensors of all shards, in order of the shards' names.
    public let tensors: [StoredTensor]

    /// What the shards say of themselves; where they differ, the first one's word.
    public let metadata: [String: String]

    /// The suffixes of files that may be a folder's only checkpoint.
    private static let suffixes = [".safetensors", ".st", ".pth", ".pt", ".bin", ".gguf"]

    /// Opens the folder at `path`.
    /// - Throws: `CheckpointError`: `folderWithoutModel`, `cannotOpen`, `indexMalformed`, `shardOutsideFolder`,
    ///   `shardMissing`, `shardLacksTensor`, `tensorInTwoShards`; `inShard` with what a file's format throws.
    public init(path: String) throws(CheckpointError) {
        let index: ShardIndex
        switch try Self.entrance(of: path) {
        case let name where name.hasSuffix(".json"): index = try ShardIndex(path: path + "/" + name)
        case let name: index = ShardIndex(onlyShard: name)
        }
        var homes: [String: String] = [:]
        var tensors: [StoredTensor] = []
        var metadata: [String: String] = [:]
        var formatName = ""
        for shard in index.shards {
            let file = try Self.open(shard, in: path, index)
            for tensor in file.tensors {
                if let first = homes.updateValue(shard, forKey: tensor.name) {
                    throw .tensorInTwoShards(name: tensor.name, first: first, second: shard)
                }
            }
            tensors += file.tensors
            metadata.merge(file.metadata) { first, _ in first }
            formatName = type(of: file).formatName
        }
        for (name, shard) in index.entries where homes[name] != shard {
            throw .shardLacksTensor(name: name, shard: shard)
        }
        self.tensors = tensors
        self.metadata = metadata
        self.formatName = formatName
    }

    /// The name of the file that says where the tensors are, or holds them.
    private static func entrance(of path: String) throws(CheckpointError) -> String {
        let files: [String]
        do {
            files = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            throw .cannotOpen(path: path, reason: "\(error)")
        }
        let known = [
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        ]
        if let name = known.first(where: files.contains) { return name }
        let checkpoints = files.filter { name in suffixes.contains { name.hasSuffix($0) } }
        guard checkpoints.count == 1 else { throw .folderWithoutModel(path: path, checkpoints: checkpoints) }
        return checkpoints[0]
    }

    private static func open(
        _ shard: String, in folder: String, _ index: ShardIndex
    ) throws(CheckpointError) -> any Checkpoint {
        do throws(CheckpointError) {
            return try CheckpointFile.open(path: folder + "/" + shard)
        } catch CheckpointError.missingFile where !index.entries.isEmpty {
            throw .shardMissing(name: shard)
        } catch {
            throw .inShard(name: shard, defect: error)
        }
    }
}
