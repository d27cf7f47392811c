internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Writes a binidx data set.
struct DataPack: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pack",
        abstract: "Writes the tokens of files as a binidx data set (.bin and .idx), as RWKV-LM learns from.",
        discussion: """
            Documents keep their order, each with token 0 behind it. The format does not say what is learnt: of conversations
            it would be everything. RWKV-LM's trainer takes documents as they follow each other, and so it wants them shuffled
            and repeated: --epochs does both.

            Examples:
              rwkv data pack books.txt wiki.jsonl --tokenizer world --output corpus
              rwkv data pack demo.jsonl --tokenizer world --epochs 3 --context 4096 --output demo
            """)

    @Argument(help: ArgumentHelp("Text, lines of JSON, conversations or binidx data sets.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("The path of the files to write, without .bin and .idx.", valueName: "prefix"))
    var output: String

    @OptionGroup var tokenizer: TokenizerOptions

    @Option(help: ArgumentHelp("What the files are; by default each says it.", valueName: "format"))
    var dataFormat: DataFormat?

    @Option(help: "The text between documents of text files.")
    var separator = PlainText.defaultSeparator

    @Option(help: ArgumentHelp("Write all documents so many times, in another shuffled order each.", valueName: "n"))
    var epochs: Int?

    @Option(help: "The seed of these orders.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Print RWKV-LM's magic prime for this context length.", valueName: "tokens"))
    var context: Int?

    func validate() throws {
        if let epochs, !(1...1_000_000).contains(epochs) {
            throw ValidationError("--epochs is \(epochs); it must be from 1 to 1000000")
        }
        if let context, context < 1 { throw ValidationError("--context is \(context); it must be at least 1") }
        if files.isEmpty { throw ValidationError("there is no file to pack") }
    }

    func run() throws {
        let tokenizer = try tokenizer.load() ?? BuiltInModel.tokenizer()
        let prefix = BinIdx.prefix(output)
        let inputs = try files.map { try DataFile(path: $0, format: dataFormat ?? .detect(path: $0)) }
        if inputs.contains(where: { $0.format == .binidx && same(BinIdx.prefix($0.path), prefix) }) {
            throw ValidationError("\(prefix) is read and would be written; name another --output")
        }
        if inputs.contains(where: { $0.format == .chat }) {
            Terminal.note("the data set will not say which parts are answers: everything will be learnt from it")
        }
        let writer = try BinIdxWriter(prefix: prefix, vocabularySize: tokenizer.vocabularySize)
        let reporter = TokenizingReporter()
        for file in inputs {
            if let source = try file.source(separator: separator) {
                try writer.append(source, path: file.path, tokenizer: tokenizer, reporter.show)
            } else {
                try about(file.path) { try writer.append(BinIdx.read(prefix: BinIdx.prefix(file.path))) }
            }
        }
        reporter.end()
        if writer.documentCount == 0 { throw TrainingDataError.noDocuments(path: files.joined(separator: ", ")) }
        try writer.finish()
        if let epochs { try shuffle(prefix, epochs, tokenizer.vocabularySize) }
        let store = try BinIdx.read(prefix: prefix)
        Terminal.write("\(prefix).bin, \(prefix).idx: \(store.documentCount) documents, \(store.count) tokens\n")
        if let context {
            let prime = magicPrime(tokenCount: store.count, contextLength: context).map(String.init) ?? "none"
            Terminal.write("--my_exit_tokens \(store.count) --magic_prime \(prime) (context length \(context))\n")
        }
    }

    /// Replaces the data set by its documents in shuffled orders, one after the other.
    private func shuffle(_ prefix: String, _ epochs: Int, _ vocabularySize: Int) throws {
        let store = try BinIdx.read(prefix: prefix)
        let writer = try BinIdxWriter(prefix: prefix, vocabularySize: vocabularySize)
        for epoch in 0..<epochs {
            // The multiplier is odd, so epochs of one seed have different keys.
            let key = seed &+ UInt64(epoch) &* 0x9E37_79B9_7F4A_7C15
            try writer.append(store, in: Permutation(count: store.documentCount, key: key))
        }
        try writer.finish()
    }

    private func same(_ a: String, _ b: String) -> Bool {
        URL(fileURLWithPath: a).standardizedFileURL.path == URL(fileURLWithPath: b).standardizedFileURL.path
    }
}
