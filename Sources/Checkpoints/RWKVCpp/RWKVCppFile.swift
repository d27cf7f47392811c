public import Tensors

/// The tensors of a file of rwkv.cpp, in the official shapes and with the official numbers.
///
/// Read are its versions 100 and 101 of RWKV-4 to RWKV-7. What its converter changes is undone: decays and bonuses are
/// taken back from their exponentials, low-rank factors transposed, joined vectors parted. Matrices stay in the type of
/// the file, in place.
public struct RWKVCppFile: Checkpoint {
    public static let formatName = "rwkv.cpp"

    public let tensors: [StoredTensor]

    /// For RWKV-5, `group_norm_epsilon`: rwkv.cpp computes with 1e-5 where the official package takes 64e-5.
    public let metadata: [String: String]

    public static func recognizes(_ prefix: [UInt8]) -> Bool {
        prefix.starts(with: littleEndian(RWKVCppHeader.magic))
    }

    /// Opens a file of rwkv.cpp whose bytes are `storage`.
    /// - Throws: `CheckpointError`: `truncated`, `unsupportedVersion`, `removedType`, `unsupportedType`, `nameNotUTF8`,
    ///   `duplicateName`, `tooManyDimensions`, `shapeTooLarge`, `rowsNotWholeBlocks`, `headerContradicted`,
    ///   `unexpectedShape`, `invalidWeight`.
    /// - Complexity: O(tensors + low-rank factors); the matrices are not touched.
    public init(storage: Storage) throws(CheckpointError) {
        let header = try RWKVCppHeader(storage)
        let names = header.tensors.map(\.name)
        let version = OfficialModel.version(names)
        var tensors: [StoredTensor] = []
        for tensor in header.tensors {
            guard let version, let name = OfficialName(tensor.name) else {
                tensors.append(tensor)
                continue
            }
            if version == .rwkv7, name.rest == Self.joinedName {
                tensors += try JoinedVectors.version7.split(tensor, block: "blocks.\(name.layer).")
            } else {
                tensors.append(try RWKVCppForm(name.rest, version).official(tensor, width: header.width))
            }
        }
        try Self.check(header, tensors)
        self.tensors = tensors
        metadata = version == .rwkv5 ? ["group_norm_epsilon": "1e-05"] : [:]
    }

    /// The name of the joined vectors.
    static let joinedName = "att.x_rwkvag"

    private static func check(_ header: RWKVCppHeader, _ tensors: [StoredTensor]) throws(CheckpointError) {
        var names: Set<String> = []
        for tensor in tensors where !names.insert(tensor.name).inserted { throw .duplicateName(name: tensor.name) }
        if let embedding = tensors.first(where: { $0.name == "emb.weight" })?.shape.extents, embedding.count == 2 {
            try check("vocabulary size", header.vocabularySize, embedding[0])
            try check("width", header.width, embedding[1])
        }
        let layers = tensors.compactMap { OfficialName($0.name)?.layer }.max()
        if let layers { try check("number of layers", header.layerCount, layers + 1) }
    }

    private static func check(_ what: String, _ claimed: Int, _ found: Int) throws(CheckpointError) {
        if claimed != found { throw .headerContradicted(what: what, header: claimed, found: found) }
    }
}
