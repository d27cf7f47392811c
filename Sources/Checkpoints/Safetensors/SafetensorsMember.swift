/// What stands under one name in the header of a safetensors file.
enum SafetensorsMember: Codable {
    /// Named as in the file.
    struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    case metadata([String: String])
    case tensor(Entry)

    /// The key under which the metadata stand; no tensor has that name.
    static let metadataName = "__metadata__"

    init(from decoder: any Decoder) throws {
        let isMetadata = decoder.codingPath.last?.stringValue == Self.metadataName
        self = isMetadata ? .metadata(try [String: String](from: decoder)) : .tensor(try Entry(from: decoder))
    }

    func encode(to encoder: any Encoder) throws {
        switch self {
        case .metadata(let texts): try texts.encode(to: encoder)
        case .tensor(let entry): try entry.encode(to: encoder)
        }
    }
}
