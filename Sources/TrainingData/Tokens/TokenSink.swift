internal import Tokenizers

/// Takes the tokens of documents, one document after the other.
protocol TokenSink: AnyObject {
    func append(_ tokens: [TokenID], isCounted: Bool) throws
    func endDocument() throws
}

/// How far the tokenizing of a file has come.
public struct TokenizingProgress: Sendable {
    /// The file.
    public let path: String
    /// The bytes that have been read, and those of the whole file.
    public let byteCount, total: Int
    public let tokenCount: Int
}

/// Turns the texts of a source into tokens. Every document is followed by token 0.
struct Tokenizing {
    let source: any DocumentSource
    let tokenizer: any Tokenizer
    let path: String

    /// - Parameter report: Told how far the work is, now and then; an error that it throws ends the work.
    /// - Returns: The bytes of text.
    func run(into sink: some TokenSink, _ report: (TokenizingProgress) throws -> Void) throws -> Int {
        var (tokenCount, textByteCount, lastReport) = (0, 0, 0)
        let vocabularySize = tokenizer.vocabularySize
        try source.read { piece in
            let tokens = tokenizer.encode(bytes: piece.text)
            if let token = tokens.first(where: { $0 < 0 || Int($0) >= vocabularySize }) {
                throw TrainingDataError.tokenTooLarge(token: token, vocabularySize: vocabularySize)
            }
            try sink.append(tokens, isCounted: piece.isCounted)
            if piece.endsDocument {
                try sink.append([0], isCounted: piece.isCounted)
                try sink.endDocument()
            }
            tokenCount += tokens.count + (piece.endsDocument ? 1 : 0)
            textByteCount += piece.text.count
            if piece.position - lastReport >= 1 << 18 {
                lastReport = piece.position
                try report(
                    TokenizingProgress(
                        path: path, byteCount: piece.position, total: source.byteCount, tokenCount: tokenCount))
            }
        }
        return textByteCount
    }
}
