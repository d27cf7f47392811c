public import Checkpoints
public import Tokenizers

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Writes a binidx data set document by document; see `BinIdx`. Each document is one sequence, as RWKV-LM has them.
///
/// Tokens are of 16 bits where the vocabulary allows it, of 32 otherwise. The format has no place for what counts: all
/// tokens of the file will be learnt.
public final class BinIdxWriter: TokenSink {
    private let prefix: String
    private let width: TokenWidth
    private let data: AtomicFile
    private var buffer: [UInt8] = []
    private var sizes: [Int32] = []
    private var current = 0

    /// Begins to write `prefix.bin`.
    /// - Throws: `CheckpointError` if it cannot be written.
    public init(prefix: String, vocabularySize: Int) throws(CheckpointError) {
        self.prefix = prefix
        width = TokenWidth(vocabularySize: vocabularySize)
        data = try AtomicFile(path: prefix + ".bin")
    }

    /// The tokens and documents so far.
    public private(set) var tokenCount = 0
    public var documentCount: Int { sizes.count }

    /// Adds the documents of a source, each with token 0 behind it.
    /// - Parameter report: Told how far the work is; an error that it throws ends it.
    /// - Throws: `TrainingDataError`; `CheckpointError` if a file cannot be written.
    public func append(
        _ source: some DocumentSource, path: String, tokenizer: any Tokenizer,
        _ report: (TokenizingProgress) throws -> Void
    ) throws {
        _ = try Tokenizing(source: source, tokenizer: tokenizer, path: path).run(into: self, report)
    }

    /// Adds the documents of a store as they are, in their order or in another one of as many.
    /// - Throws: `TrainingDataError` for a token that the type cannot hold; `CheckpointError` if it cannot be written.
    public func append(_ store: TokenStore, in order: Permutation? = nil) throws {
        for index in 0..<store.documentCount {
            let document = store.document(order?[index] ?? index)
            for start in stride(from: document.lowerBound, to: document.upperBound, by: 1 << 16) {
                try append(store.tokens(start..<min(document.upperBound, start + 1 << 16)), isCounted: true)
            }
            if !document.isEmpty { try endDocument() }
        }
    }

    func append(_ tokens: [TokenID], isCounted: Bool) throws {
        for token in tokens {
            guard token >= 0, width == .int32 || token <= Int32(UInt16.max) else {
                throw TrainingDataError.tokenTooLarge(token: token, vocabularySize: 1 << 16)
            }
            width.append(token, to: &buffer)
        }
        current += tokens.count
        tokenCount += tokens.count
        if buffer.count >= 1 << 20 { try flush() }
    }

    func endDocument() throws {
        guard current <= BinIdx.sequenceLimit else {
            throw TrainingDataError.documentTooLong(tokenCount: current, limit: BinIdx.sequenceLimit)
        }
        sizes.append(Int32(current))
        current = 0
    }

    /// Puts both files in their place.
    /// - Throws: `CheckpointError` if that fails. There is then no index beside data that it does not belong to.
    public func finish() throws(CheckpointError) {
        try flush()
        let index = try AtomicFile(path: prefix + ".idx")
        let header =
            BinIdx.magic + littleEndian(UInt64(1)) + [width == .uint16 ? 8 : 4] + littleEndian(UInt64(sizes.count))
            + littleEndian(UInt64(sizes.count + 1))
        try index.write(header)
        try write(sizes.lazy.map { littleEndian($0) }, to: index)
        var start: Int64 = 0
        let starts = sizes.map { size in
            defer { start += Int64(size) * Int64(width.byteCount) }
            return start
        }
        try write(starts.lazy.map { littleEndian($0) }, to: index)
        try write((0...sizes.count).lazy.map { littleEndian(Int64($0)) }, to: index)
        // Two files cannot appear in one step; data without an index are at least seen to be incomplete.
        _ = unlink(prefix + ".idx")
        try data.commit()
        try index.commit()
    }

    private func write(_ numbers: some Sequence<[UInt8]>, to file: AtomicFile) throws(CheckpointError) {
        var part: [UInt8] = []
        for number in numbers {
            part += number
            if part.count >= 1 << 16 {
                try file.write(part)
                part.removeAll(keepingCapacity: true)
            }
        }
        try file.write(part)
    }

    private func flush() throws(CheckpointError) {
        try data.write(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
