/// The kinds of model that a page is written for.
public enum Family: String, Sendable, Codable {
    case rwkv4, rwkv5, rwkv6, rwkv7, transformer, recurrent

    init(architecture name: String) throws(ExplanationError) {
        switch name {
        case "rwkv4": self = .rwkv4
        case let name where name.hasPrefix("rwkv5"): self = .rwkv5
        case "rwkv6": self = .rwkv6
        case let name where name.hasPrefix("rwkv7"): self = .rwkv7
        case "transformer": self = .transformer
        case "rnn", "lstm": self = .recurrent
        default: throw .unknownArchitecture(name)
        }
    }

    /// Whether each head keeps a matrix.
    var hasMatrixState: Bool { self == .rwkv5 || self == .rwkv6 || self == .rwkv7 }

    var isRWKV: Bool { self == .rwkv4 || hasMatrixState }
}
