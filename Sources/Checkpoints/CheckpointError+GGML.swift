extension CheckpointError {
    /// What is wrong with a file of ggml's family.
    var ggmlDescription: String? {
        switch self {
        case .unsupportedVersion(let format, let version, let supported):
            "this is \(format) of version \(version); supported are \(list(supported))"
        case .bigEndianVersion(let version):
            "the version reads \(hexadecimal(version)): the file is for big-endian machines, which is not supported"
        case .architectureNotInFormat(let found, let format, let supported):
            "the model is \(quoted(found)); as \(format) are supported: \(supported.joined(separator: ", "))"
        case .nameNotUTF8(let offset): "the name at byte \(offset) of the file is not UTF-8 text"
        case .unknownValueType(let key, let type): "the value of \(quoted(key)) is of the unknown type \(type)"
        case .arraysTooDeep(let key, let limit): "the arrays of \(quoted(key)) are nested deeper than \(limit) levels"
        case .missingKey(let key): "the metadata have no \(quoted(key))"
        case .invalidKey(let key, let found, let needed):
            "the metadata say \(printable(found)) for \(quoted(key)); needed is \(needed)"
        case .tensorMisaligned(let name, let offset, let alignment):
            "\(quoted(name)) begins at \(offset), which is no multiple of the alignment, \(alignment)"
        case .removedType(let name, let type):
            "\(quoted(name)) is \(type), a type that rwkv.cpp itself has removed; convert the original model again"
        case .headerContradicted(let what, let header, let found):
            "the header says \(header) for the \(what); the tensors have \(found)"
        case .tensorNotInFormat(let name, let format): "the format \(format) has no place for \(quoted(name))"
        case .vocabularyTooLarge(let tokenCount, let rowCount):
            "the vocabulary has \(tokenCount) tokens; the model's embedding has \(rowCount) rows"
        default: nil
        }
    }

    private func list(_ versions: [UInt32]) -> String { versions.map(String.init).joined(separator: ", ") }
}
