internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Writes the texts of a binidx data set.
struct DataUnpack: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpack",
        abstract: "Writes the documents of a binidx data set as lines {\"text\": …}.",
        discussion: """
            The tokenizer must be the one that the data set was made with. Bytes that are not UTF-8 become U+FFFD.

            Example:
              rwkv data unpack corpus --tokenizer world --output corpus.jsonl
            """)

    @Argument(help: ArgumentHelp("The .bin or .idx file, or their path without the ending.", valueName: "data set"))
    var input: String

    @Option(help: ArgumentHelp("The file to write; standard output by default.", valueName: "file"))
    var output: String?

    @OptionGroup var tokenizer: TokenizerOptions

    private struct Line: Encodable {
        let text: String
    }

    func run() throws {
        let tokenizer = try tokenizer.load() ?? BuiltInModel.tokenizer()
        let store = try BinIdx.read(prefix: BinIdx.prefix(input))
        if let (position, token) = store.firstToken(outside: tokenizer.vocabularySize) {
            throw InputError(
                description: """
                    \(input): token \(position) is \(token); the tokenizer has \(tokenizer.vocabularySize): they do not \
                    belong together
                    """)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        let file = try output.map { try AtomicFile(path: $0) }
        for index in 0..<store.documentCount {
            var tokens = store.tokens(store.document(index))
            // The mark behind a document is no part of its text.
            if tokens.last == 0 { tokens.removeLast() }
            let line = try encoder.encode(Line(text: tokenizer.decodeText(tokens))) + Data("\n".utf8)
            if let file {
                try file.write(Array(line))
            } else {
                Terminal.write(String(decoding: line, as: UTF8.self))
            }
        }
        try file?.commit()
        if let output { Terminal.note("\(output): \(store.documentCount) documents") }
    }
}
