internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Says what is in files to learn from.
struct DataInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Says what is in files to learn from: format, documents, tokens, and what of them is learnt.",
        discussion: """
            Text is tokenized, and the tokens are kept for a training with the same tokenizer. With --show the first documents
            are printed as a model sees them; of conversations, what is learnt stands in ⟦brackets⟧.

            Examples:
              rwkv data inspect chats.jsonl --tokenizer world --show 1
              rwkv data inspect corpus.idx --context 4096
              rwkv data inspect corpus.idx --json
            """)

    @Argument(help: ArgumentHelp("The files.", valueName: "file"))
    var files: [String]

    @OptionGroup var tokenizer: TokenizerOptions

    @Option(help: ArgumentHelp("What the files are; by default each says it.", valueName: "format"))
    var dataFormat: DataFormat?

    @Option(help: ArgumentHelp("Print the first documents.", valueName: "n"))
    var show = 0

    @Option(help: ArgumentHelp("Print RWKV-LM's magic prime for this context length.", valueName: "tokens"))
    var context: Int?

    @OptionGroup var cache: CacheOptions

    @Flag(help: "Print a JSON array of an object for each file.")
    var json = false

    func validate() throws {
        if let context, context < 1 { throw ValidationError("--context is \(context); it must be at least 1") }
        if show < 0 { throw ValidationError("--show is \(show); it must be at least 0") }
        if files.isEmpty { throw ValidationError("there is no file to inspect") }
    }

    private struct Report: Encodable {
        let file, format, type: String
        let documents, tokens, counted: Int
        let shortest, longest: Int
        let bytes, prime: Int?

        enum CodingKeys: String, CodingKey {
            case file, format, type, documents, tokens
            case counted = "counted_tokens"
            case shortest = "shortest_document"
            case longest = "longest_document"
            case bytes = "text_bytes"
            case prime = "magic_prime"
        }
    }

    func run() throws {
        let tokenizer = try tokenizer.load() ?? BuiltInModel.tokenizer()
        let environment = ProcessInfo.processInfo.environment
        let folder =
            cache.cache ?? TokenCache.folder(environment: environment) ?? NSTemporaryDirectory() + "rwkv-tokens"
        let reporter = TokenizingReporter()
        var reports: [Report] = []
        for path in files {
            let file = try DataFile(path: path, format: dataFormat ?? .detect(path: path))
            let (store, bytes) = try file.tokens(tokenizer, TokenCache(folder: folder), reporter.report)
            Terminal.endProgress()
            let lengths = (0..<store.documentCount).map { store.document($0).count }
            let report = Report(
                file: path, format: file.format.rawValue, type: store.typeName, documents: store.documentCount,
                tokens: store.count, counted: store.countedTokenCount, shortest: lengths.min() ?? 0,
                longest: lengths.max() ?? 0, bytes: bytes,
                prime: context.flatMap { magicPrime(tokenCount: store.count, contextLength: $0) })
            reports.append(report)
            if !json { print(report, store, tokenizer) }
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            Terminal.write(String(decoding: try encoder.encode(reports), as: UTF8.self) + "\n")
        }
    }

    private func print(_ report: Report, _ store: TokenStore, _ tokenizer: any Tokenizer) {
        var lines = ["\(report.file): \(report.format), tokens as \(report.type)"]
        lines.append(
            "  \(report.documents) documents of \(report.shortest) to \(report.longest) tokens, \(report.tokens) in all"
                + (report.counted < report.tokens ? ", of which \(report.counted) are learnt" : ""))
        if let bytes = report.bytes {
            let ratio = Double(bytes) / Double(max(1, report.tokens))
            lines.append("  \(bytes) bytes of text, \(format(ratio)) per token")
        }
        if let context {
            lines.append("  magic prime for a context of \(context): \(report.prime.map(String.init) ?? "none")")
        }
        for index in 0..<min(show, store.documentCount) {
            lines.append("  ---- document \(index + 1)")
            lines.append(text(store, store.document(index), tokenizer))
        }
        Terminal.write(lines.joined(separator: "\n") + "\n")
    }

    /// The text of a document, what counts in brackets if not all of it does.
    private func text(_ store: TokenStore, _ document: Range<Int>, _ tokenizer: any Tokenizer) -> String {
        let tokens = store.tokens(document)
        let counted = store.counted(document)
        var bytes: [UInt8] = []
        var wasCounted = false
        for (index, token) in tokens.enumerated() {
            if let counted, counted[index] != wasCounted {
                bytes += Array((wasCounted ? "⟧" : "⟦").utf8)
                wasCounted.toggle()
            }
            bytes += token == 0 ? Array("<end>".utf8) : tokenizer.bytes(of: token) ?? Array("<\(token)>".utf8)
        }
        return String(decoding: bytes, as: UTF8.self) + (wasCounted ? "⟧" : "")
    }
}
