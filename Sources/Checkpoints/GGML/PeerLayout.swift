import Tensors

/// How another project lays out a tensor, compared with the official checkpoints.
enum PeerLayout {
    /// As official.
    case same
    /// C numbers; official `[1, 1, C]`.
    case row
    /// The official matrix transposed: a low-rank factor.
    case transposed
    /// The last two axes of three exchanged.
    case lastAxesSwapped
    /// A number for each channel of each head, `[H, N]`, from which llama.cpp's quantiser drops an H of one.
    case heads
    /// The same as C numbers in a row.
    case flatHeads

    /// The official tensor `name` of which `tensor` is the other project's.
    /// - Throws: `unexpectedShape`.
    func official(
        _ tensor: StoredTensor, _ name: String, headSize: Int
    ) throws(CheckpointError) -> StoredTensor {
        let count = tensor.shape.count
        switch self {
        case .same: return tensor.renamed(name)
        case .row: return tensor.unpacked.reshaped([1, 1, count]).renamed(name)
        case .transposed: return try tensor.swappingLastAxes(rank: 2).renamed(name)
        case .lastAxesSwapped: return try tensor.swappingLastAxes(rank: 3).renamed(name)
        case .heads, .flatHeads:
            guard headSize > 0, count.isMultiple(of: headSize) else {
                throw .unexpectedShape(
                    name: tensor.name, found: tensor.shape, needed: "a multiple of the head size, \(headSize)")
            }
            return tensor.unpacked.reshaped([count / headSize, headSize]).renamed(name)
        }
    }
}

extension PeerLayout {
    /// The other project's tensor of which `tensor` is the official one. Its name is still the official.
    /// - Throws: `unexpectedShape`.
    func peer(_ tensor: StoredTensor) throws(CheckpointError) -> StoredTensor {
        switch self {
        case .same: return tensor
        case .row: return tensor.unpacked.reshaped([tensor.shape.count])
        case .transposed: return try tensor.swappingLastAxes(rank: 2)
        case .lastAxesSwapped: return try tensor.swappingLastAxes(rank: 3)
        case .heads, .flatHeads:
            guard tensor.shape.extents.count == 2 else {
                throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: "a row for each head")
            }
            return self == .heads ? tensor.unpacked : tensor.unpacked.reshaped([tensor.shape.count])
        }
    }
}

/// The parts of vectors that other projects keep in one tensor, `[parts, …, C]`.
struct JoinedVectors {
    /// The official names' beginning, for example `att.x_`.
    let prefix: String
    /// Their ends, in the order of the rows.
    let letters: [String]

    /// The time mix of RWKV-6 in GGUF.
    static let version6 = JoinedVectors(prefix: "att.time_maa_", letters: ["w", "k", "v", "r", "g"])
    /// The time mix of RWKV-7 in GGUF and in rwkv.cpp's files.
    static let version7 = JoinedVectors(prefix: "att.x_", letters: ["r", "w", "k", "v", "a", "g"])

    /// The names within the block.
    var names: [String] { letters.map { prefix + $0 } }

    /// The official vectors `[1, 1, C]` of the block `block` (`blocks.3.`), which are the rows of `tensor`.
    /// - Throws: `unexpectedShape`.
    func split(_ tensor: StoredTensor, block: String) throws(CheckpointError) -> [StoredTensor] {
        let count = tensor.shape.count
        guard count > 0, count.isMultiple(of: letters.count) else {
            throw .unexpectedShape(name: tensor.name, found: tensor.shape, needed: "\(letters.count) rows")
        }
        let plain = tensor.unpacked
        let width = count / letters.count
        let (storage, offset) = plain.location
        return names.enumerated().map { row, name in
            StoredTensor(
                name: block + name, shape: [1, 1, width], type: plain.type, storage: storage,
                offset: offset + row * width * plain.type.blockByteCount)
        }
    }

    /// The rows as one tensor of `f32`, of which `vectors` has each under its name in the block.
    /// - Throws: `missingTensor`; `unexpectedShape` if one is longer than the others.
    func joined(
        block: String, _ vectors: [String: StoredTensor], shape: (_ width: Int) -> Shape
    ) throws(CheckpointError) -> StoredTensor {
        var values: [Float] = []
        var width: Int?
        for name in names {
            guard let vector = vectors[block + name] else { throw .missingTensor(name: block + name) }
            let row = vector.floats() ?? []
            guard width == nil || row.count == width else {
                throw .unexpectedShape(name: vector.name, found: vector.shape, needed: "\(width ?? 0) numbers")
            }
            width = row.count
            values += row
        }
        return StoredTensor(name: block + prefix, shape: shape(width ?? 0), floats: values)
    }
}
