internal import Foundation
internal import RWKV

/// A text file as documents.
struct TextData {
    /// The mark between documents that is looked for unless another is named.
    static let defaultSeparator = "<|endoftext|>"

    /// The documents, without the marks between them and the line ends after those; none is empty.
    let documents: [[UInt8]]

    init(path: String, separator: String = defaultSeparator) throws {
        let storage = try MappedFile(path: path).storage
        documents = withExtendedLifetime(storage) {
            Self.split(storage.bytes, at: Array(separator.utf8))
        }
    }

    /// The bytes of all documents.
    var byteCount: Int { documents.reduce(0) { $0 + $1.count } }

    /// The documents' tokens, each followed by token 0.
    func tokens(_ tokenizer: any Tokenizer) -> [TokenID] {
        documents.flatMap { tokenizer.encode(bytes: $0) + [0] }
    }

    private static func split(_ bytes: UnsafeRawBufferPointer, at separator: [UInt8]) -> [[UInt8]] {
        var documents: [[UInt8]] = []
        var start = 0
        func close(_ end: Int) {
            var first = start
            while first < end, bytes[first] == UInt8(ascii: "\n") || bytes[first] == UInt8(ascii: "\r") { first += 1 }
            if first < end { documents.append(Array(bytes[first..<end])) }
        }
        guard let mark = separator.first else { return [Array(bytes)] }
        var i = 0
        while i + separator.count <= bytes.count {
            if bytes[i] == mark, bytes[i..<i + separator.count].elementsEqual(separator) {
                close(i)
                i += separator.count
                start = i
            } else {
                i += 1
            }
        }
        close(bytes.count)
        return documents
    }
}
