public import Tensors

/// A file of lines `{"text": "…"}`, a document each; other members are passed over, and so are empty texts.
public struct JSONLines: DocumentSource {
    private let reader: JSONLineReader

    /// - Parameter path: For messages.
    public init(_ storage: Storage, path: String) { reader = JSONLineReader(storage, path: path) }

    public var byteCount: Int { reader.storage.bytes.count }
    public var setting: String { "jsonl" }

    private struct Line: Decodable {
        let text: String?
    }

    public func read(_ body: (TextPiece) throws -> Void) throws {
        try reader.forEach(Line.self) { value, line, position in
            guard let text = value.text else {
                throw TrainingDataError.memberMissing(path: reader.path, line: line, needed: "“text”")
            }
            if !text.isEmpty { try body(TextPiece(text: Array(text.utf8), position: position)) }
            return true
        }
    }
}
