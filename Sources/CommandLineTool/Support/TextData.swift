internal import Foundation
internal import RWKV

/// A text file as documents.
struct TextData {
    /// The mark between documents that is looked for unless another is named.
    static let defaultSeparator = PlainText.defaultSeparator

    /// The documents, without the marks between them and the line ends after those; none is empty.
    let documents: [[UInt8]]

    init(path: String, separator: String = defaultSeparator) throws {
        let storage = try MappedFile(path: path).storage
        documents = withExtendedLifetime(storage) {
            var documents: [[UInt8]] = []
            PlainText.forEachDocument(of: storage.bytes, separator: Array(separator.utf8)) { range in
                documents.append(Array(storage.bytes[range]))
            }
            return documents
        }
    }

    /// The bytes of all documents.
    var byteCount: Int { documents.reduce(0) { $0 + $1.count } }

    /// The documents' tokens, each followed by token 0.
    func tokens(_ tokenizer: any Tokenizer) -> [TokenID] {
        documents.flatMap { tokenizer.encode(bytes: $0) + [0] }
    }
}
