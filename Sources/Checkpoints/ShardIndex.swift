import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Which file of a folder holds which tensor, as Hugging Face's libraries write it down.
struct ShardIndex {
    /// The tensors and their files, in order of the tensors' names; empty if there is but one file.
    let entries: [(name: String, shard: String)]

    /// The names of the files, in order.
    let shards: [String]

    /// The index of a folder with one file.
    init(onlyShard name: String) {
        entries = []
        shards = [name]
    }

    /// Reads the index at `path`.
    /// - Throws: `CheckpointError`: from the file; `indexMalformed`; `shardOutsideFolder` for a name that is not that of
    ///   a file beside the index.
    init(path: String) throws(CheckpointError) {
        let storage = try MappedFile(path: path).storage
        // Real ones have some hundred bytes per tensor.
        guard storage.bytes.count <= SafetensorsHeader.maximumByteCount else {
            throw .indexMalformed(path: path, reason: "it has \(storage.bytes.count) bytes")
        }
        let contents: Contents
        do {
            contents = try withExtendedLifetime(storage) {
                try JSONDecoder().decode(Contents.self, from: Data(storage.bytes))
            }
        } catch {
            throw .indexMalformed(path: path, reason: "it has no “weight_map” that gives a file for each tensor")
        }
        entries = contents.weight_map.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        guard !entries.isEmpty else { throw .indexMalformed(path: path, reason: "its “weight_map” is empty") }
        // A stranger's index must not make the program read whatever file it names.
        for (_, shard) in entries where shard.contains("/") || shard.contains("\0") || ["", ".", ".."].contains(shard) {
            throw .shardOutsideFolder(name: shard)
        }
        shards = Set(contents.weight_map.values).sorted()
    }

    /// Named as in the file.
    private struct Contents: Decodable {
        var weight_map: [String: String]
    }
}
