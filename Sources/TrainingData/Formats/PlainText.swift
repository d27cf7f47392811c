public import Tensors

/// A text file: documents with a mark between them, or one document.
///
/// Documents begin after the line ends that follow a mark and go up to the next one; none is empty.
public struct PlainText: DocumentSource {
    /// The mark between documents that is looked for unless another is named.
    public static let defaultSeparator = "<|endoftext|>"

    /// A document of more bytes is handed on in pieces of about so many; see `TextPieces`.
    private static let pieceByteCount = 1 << 20

    private let storage: Storage
    private let separator: [UInt8]

    /// - Parameters:
    ///   - storage: The file.
    ///   - separator: The mark between documents; all is one document if it is empty.
    public init(_ storage: Storage, separator: String = defaultSeparator) {
        self.storage = storage
        self.separator = Array(separator.utf8)
    }

    public var byteCount: Int { storage.bytes.count }
    public var setting: String { "text \(String(decoding: separator, as: UTF8.self))" }

    public func read(_ body: (TextPiece) throws -> Void) throws {
        try withExtendedLifetime(storage) {
            try Self.forEachDocument(of: storage.bytes, separator: separator) { document in
                let bytes = UnsafeRawBufferPointer(rebasing: storage.bytes[document])
                let pieces = TextPieces(bytes, least: Self.pieceByteCount, most: 4 * Self.pieceByteCount)
                var piece = pieces.piece(from: 0)
                while !piece.isEmpty {
                    try body(
                        TextPiece(
                            text: Array(bytes[piece]), endsDocument: piece.upperBound == bytes.count,
                            position: document.lowerBound + piece.upperBound))
                    piece = pieces.piece(from: piece.upperBound)
                }
            }
        }
    }

    /// Calls `body` with the range of each document.
    public static func forEachDocument(
        of bytes: UnsafeRawBufferPointer, separator: [UInt8], _ body: (Range<Int>) throws -> Void
    ) rethrows {
        func document(_ start: Int, _ end: Int) -> Range<Int>? {
            var first = start
            while first < end, bytes[first] == UInt8(ascii: "\n") || bytes[first] == UInt8(ascii: "\r") { first += 1 }
            return first < end ? first..<end : nil
        }
        guard let mark = separator.first else {
            if !bytes.isEmpty { try body(0..<bytes.count) }
            return
        }
        var (start, i) = (0, 0)
        while i + separator.count <= bytes.count {
            if bytes[i] == mark, bytes[i..<i + separator.count].elementsEqual(separator) {
                if let found = document(start, i) { try body(found) }
                i += separator.count
                start = i
            } else {
                i += 1
            }
        }
        if let found = document(start, bytes.count) { try body(found) }
    }
}
