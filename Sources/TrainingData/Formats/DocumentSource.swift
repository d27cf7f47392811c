/// A file of documents: text in pieces, in the order of the file.
///
/// A source reads its file through a mapping and hands on one piece at a time, so that files larger than memory can be
/// read.
public protocol DocumentSource: Sendable {
    /// The file's size.
    var byteCount: Int { get }

    /// What makes other pieces of the same file: the format, and its settings.
    var setting: String { get }

    /// Calls `body` with all pieces. An error that `body` throws ends the reading.
    /// - Throws: `TrainingDataError` with the line for a file that is not what it should be.
    func read(_ body: (TextPiece) throws -> Void) throws
}

/// A part of a document whose tokens do not depend on its neighbours.
public struct TextPiece: Sendable, Equatable {
    public var text: [UInt8]
    /// Whether a model is to learn to write this; it only reads the rest.
    public var isCounted: Bool
    /// Whether the document ends behind it.
    public var endsDocument: Bool
    /// How far the file has been read, in bytes.
    public var position: Int

    public init(text: [UInt8], isCounted: Bool = true, endsDocument: Bool = true, position: Int) {
        self.text = text
        self.isCounted = isCounted
        self.endsDocument = endsDocument
        self.position = position
    }
}
