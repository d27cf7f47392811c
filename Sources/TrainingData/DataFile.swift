public import Checkpoints
public import Tokenizers

/// A file to learn from or to measure on.
public struct DataFile: Sendable, Equatable, Codable {
    /// The file; of a binidx data set either of the two, or their name without an ending.
    public var path: String
    public var format: DataFormat
    /// Which share of the sequences are from this file, compared with the weights of the others.
    public var weight: Double?

    public init(path: String, format: DataFormat, weight: Double? = nil) {
        self.path = path
        self.format = format
        self.weight = weight
    }

    /// The documents of the file; `nil` if it holds tokens.
    /// - Throws: `CheckpointError` if the file cannot be mapped.
    public func source(separator: String = PlainText.defaultSeparator) throws(CheckpointError) -> (any DocumentSource)?
    {
        switch format {
        case .text: PlainText(try MappedFile(path: path).storage, separator: separator)
        case .jsonl: JSONLines(try MappedFile(path: path).storage, path: path)
        case .chat: ChatLines(try MappedFile(path: path).storage, path: path)
        case .binidx: nil
        }
    }

    /// The file's tokens, from the cache if they were made before; and the bytes of text that they stand for, if that is
    /// known.
    /// - Throws: `TrainingDataError`; `CheckpointError`.
    public func tokens(
        _ tokenizer: any Tokenizer, _ cache: TokenCache, _ report: (TokenCache.Event) throws -> Void
    ) throws -> (store: TokenStore, textByteCount: Int?) {
        guard let source = try source() else {
            let store = try BinIdx.read(prefix: BinIdx.prefix(path))
            if store.count == 0 { throw TrainingDataError.noDocuments(path: path) }
            return (store, nil)
        }
        let found = try cache.tokens(of: source, path: path, tokenizer: tokenizer, report)
        if found.store.countedTokenCount == 0 { throw TrainingDataError.nothingCounts(path: path) }
        return found
    }

    /// How a model learns from such a file: conversations one by one, anything else as one long row of tokens.
    public var cut: TrainingSet.Cut { format == .chat ? .documents : .windows }
}

extension TrainingSet {
    /// The tokens of some files. If one of them has a weight, those without have the weight 1; if none has, every sequence of
    /// all files is seen once in an epoch, and files of tokens in a row follow each other as one.
    public init(files: [(file: DataFile, store: TokenStore)]) {
        if files.contains(where: { $0.file.weight != nil }) {
            self.init(files.map { Part([$0.store], cut: $0.file.cut, weight: $0.file.weight ?? 1) })
        } else {
            let parts = [Cut.windows, .documents].map { cut in
                Part(files.filter { $0.file.cut == cut }.map(\.store), cut: cut)
            }
            self.init(parts.filter { !$0.stores.isEmpty })
        }
    }
}
