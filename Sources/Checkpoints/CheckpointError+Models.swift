import Tensors

/// What is said of models in other namings, in folders, and of adapters.
extension CheckpointError {
    var namingDescription: String? {
        switch self {
        case .dialectTensorMissing(let name, let dialect):
            "the file, named as \(dialect), has no tensor \(quoted(name))"
        case .dialectTensorsUnknown(let names, let dialect):
            "the file, named as \(dialect), holds \(names.count) tensor\(names.count == 1 ? "" : "s") that such models do "
                + "not have: \(list(names))"
        case .dialectShapeMismatch(let name, let needed, let found):
            "\(quoted(name)) is \(found); it must have \(needed)"
        default: nil
        }
    }

    var folderDescription: String? {
        switch self {
        case .folderWithoutModel(let path, let checkpoints):
            if checkpoints.isEmpty {
                "the folder \(quoted(path)) holds no checkpoint"
            } else {
                "the folder \(quoted(path)) holds no model.safetensors, but several checkpoints; name one of them: "
                    + list(checkpoints)
            }
        case .indexMalformed(let path, let reason): "\(quoted(path)) is no index of shards: \(reason)"
        case .shardOutsideFolder(let name):
            "the index of shards names \(quoted(name)), which is not a file beside it; nothing was opened"
        case .shardMissing(let name):
            "the shard \(quoted(name)) of the index is missing; the download may be incomplete"
        case .shardLacksTensor(let name, let shard):
            "the shard \(quoted(shard)) has no tensor \(quoted(name)), which the index says it has"
        case .tensorInTwoShards(let name, let first, let second):
            "the tensor \(quoted(name)) is in two shards, \(quoted(first)) and \(quoted(second))"
        case .inShard(let name, let defect): "shard \(quoted(name)): \(defect)"
        default: nil
        }
    }

    var adapterDescription: String? {
        switch self {
        case .adapterInsteadOfModel(let found):
            "the file holds \(found.rawValue), not a model; open the model that it belongs to and apply it there"
        case .notAnAdapter(let needed, let found): "the file holds \(found.rawValue), not \(needed.rawValue)"
        case .loraFactorMissing(let name): "the factor \(quoted(name)) is missing"
        case .loraFactorsMismatch(let name, let a, let b):
            "the factors of \(quoted(name)) are A \(a) and B \(b); they must be [rank, in] and [out, rank]"
        case .loraMatrixUnknown(let name): "the model has no matrix \(quoted(name + ".weight")), which the file changes"
        case .loraTensorUnknown(let name): "the model has no tensor \(quoted(name)), which the file replaces"
        case .loraShapeMismatch(let name, let needed, let found):
            "\(quoted(name)) is \(needed) in the model; the file’s change to it is \(found)"
        case .loraAlphaOutOfRange(let alpha): "alpha is \(alpha); it must be a finite number"
        case .loraAlphaWithPiSSA: "alpha was given, but PiSSA’s factors have no scale"
        case .tunedStateMissing(let name): "the state has no \(quoted(name))"
        case .tunedStateShapeMismatch(let name, let needed, let found):
            "\(quoted(name)) is \(found) in the state; it must be \(needed)"
        case .tunedStateForOtherModel(let what, let needed, let found):
            "the state is that of a model with \(found) \(what); this one has \(needed)"
        case .modelWithoutMatrixState:
            "the model has no matrices in its state that could be tuned; RWKV-5, 6 and 7 do"
        case .inAdapter(let path, let defect): "\(printable(path)): \(defect)"
        default: nil
        }
    }

    private func list(_ names: [String]) -> String {
        names.prefix(5).map(quoted).joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    }
}
