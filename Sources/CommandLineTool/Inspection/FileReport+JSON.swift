internal import RWKV

extension FileReport: Encodable {
    private enum Key: String, CodingKey {
        case file, format, naming, kind, problem, architecture, sizes, parameters, types, tokenizer, metadata, tensors
        case fileBytes = "file_bytes"
        case weightBytes = "weight_bytes"
        case bytesReadPerToken = "bytes_read_per_token"
        case stateBytes = "state_bytes"
        case stateBytesPerToken = "state_bytes_per_token"
        case notFinite = "not_finite"
    }

    private struct TypeEntry: Encodable {
        let tensors, elements, bytes: Int
    }

    private struct TensorEntry: Encodable {
        let name: String
        let shape: [Int]
        let type: String
        let bytes: Int
        let min, max, mean, std: Double?
        let nan, infinite: Int
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encodeIfPresent(path, forKey: .file)
        try object.encode(format, forKey: .format)
        try object.encodeIfPresent(naming, forKey: .naming)
        try object.encodeIfPresent(fileByteCount, forKey: .fileBytes)
        try object.encode(kind, forKey: .kind)
        try object.encodeIfPresent(problem, forKey: .problem)
        try object.encode(parameterCount, forKey: .parameters)
        try object.encode(
            Dictionary(
                uniqueKeysWithValues: types.map {
                    ($0.type.rawValue, TypeEntry(tensors: $0.tensors, elements: $0.elements, bytes: $0.bytes))
                }), forKey: .types)
        try object.encode(byteCount, forKey: .weightBytes)
        if let model {
            try object.encode(model.architecture, forKey: .architecture)
            let sizes = model.sizes.sizes.map { ($0.key, $0.value) }
            try object.encode(Dictionary(uniqueKeysWithValues: sizes), forKey: .sizes)
            try object.encode(model.bytesReadPerToken, forKey: .bytesReadPerToken)
            try object.encode(model.stateByteCount, forKey: .stateBytes)
            try object.encode(model.stateBytesPerToken, forKey: .stateBytesPerToken)
            try object.encodeIfPresent(model.tokenizer.entry, forKey: .tokenizer)
        }
        try object.encode(metadata, forKey: .metadata)
        try object.encode(notFinite.map(\.name), forKey: .notFinite)
        if let statistics { try object.encode(zip(tensors, statistics).map(entry), forKey: .tensors) }
    }

    private func entry(_ tensor: StoredTensor, _ found: TensorStatistics) -> TensorEntry {
        // Doubles near the end of their range have a mean or a spread that JSON cannot write.
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        return TensorEntry(
            name: tensor.name, shape: tensor.shape.extents, type: tensor.type.rawValue, bytes: tensor.byteCount,
            min: finite(found.minimum), max: finite(found.maximum), mean: finite(found.mean),
            std: finite(found.standardDeviation), nan: found.nanCount, infinite: found.infinityCount)
    }
}

extension TokenizerReport {
    struct Entry: Encodable {
        var source: String
        var path: String?
        var vocabulary: Int?
    }

    /// The JSON value; `nil` if there is none.
    var entry: Entry? {
        switch self {
        case .inFile(let size): Entry(source: "file", vocabulary: size)
        case .beside(let path, let size): Entry(source: "beside", path: path, vocabulary: size)
        case .program(let size): Entry(source: "program", vocabulary: size)
        case .bytes: Entry(source: "bytes", vocabulary: 256)
        case .none: nil
        }
    }
}
