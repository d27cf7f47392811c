extension TokenizerError {
    /// The defect of a `tokenizer.json` of which the decoder says `error`.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context): self = .missingPart(partName(context.codingPath + [key]))
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            let path = context.codingPath
            if path.count > 2, path[1].stringValue == "merges", let rank = path[2].intValue {
                self = .malformedMerge(rank: rank)
            } else if case .valueNotFound = error {
                self = .missingPart(partName(path))
            } else {
                self = .wrongKind(part: partName(path), expected: kindName(type))
            }
        case .dataCorrupted(let context): self = .invalidJSON(reason: context.debugDescription)
        @unknown default: self = .invalidJSON(reason: "\(error)")
        }
    }

    /// Refuses any other value of a part than this one, which is also what a missing value means.
    static func require<Value: Equatable>(
        _ part: String, _ found: Value?, _ supported: Value
    ) throws(TokenizerError) {
        guard let found, found != supported else { return }
        throw .unsupported(part: part, found: String(reflecting: found), supported: String(reflecting: supported))
    }
}

/// `a.b[0]`
private func partName(_ path: [any CodingKey]) -> String {
    guard let first = path.first else { return "tokenizer.json" }
    return path.dropFirst().reduce(first.stringValue) { name, key in
        key.intValue.map { "\(name)[\($0)]" } ?? "\(name).\(key.stringValue)"
    }
}

private func kindName(_ type: any Any.Type) -> String {
    switch type {
    case is Int.Type: "an integer"
    case is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "a string"
    case is [Any].Type: "an array"
    default: "an object"
    }
}
