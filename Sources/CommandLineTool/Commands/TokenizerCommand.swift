internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Makes tokenizers.
struct TokenizerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "Makes tokenizers.", subcommands: [TokenizerTrain.self])
}

/// Learns a byte-level BPE from text.
struct TokenizerTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Learns a byte-level BPE from text and writes Hugging Face's tokenizer.json.",
        discussion: """
            Example:
              rwkv tokenizer train --data stories.txt --vocabulary 2048 --output tokenizer.json
            """)

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Text files, UTF-8.", valueName: "file"))
    var data: [String]

    @Option(help: "The number of tokens, the 256 bytes and the mark between documents included.")
    var vocabulary = 2048

    @Option(help: "The text that stands between documents; it becomes token 0 and is not learnt from.")
    var separator = TextData.defaultSeparator

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    func validate() throws {
        // 256 bytes and the separator.
        if !(257...1 << 20).contains(vocabulary) {
            throw ValidationError("--vocabulary is \(vocabulary); it must be from 257 to \(1 << 20)")
        }
        if separator.isEmpty { throw ValidationError("--separator is empty; it must be a text") }
    }

    func run() throws {
        let documents = try data.flatMap { try TextData(path: $0, separator: separator).documents }
        let options = BytePairTrainer.Options(vocabularySize: vocabulary, specialTokens: [separator])
        let tokenizer = try BytePairTrainer(options).train(onBytes: documents) { progress in
            if progress.vocabularySize % 64 == 0 {
                Terminal.progress("\(progress.vocabularySize) of \(progress.goal) tokens")
            }
        }
        Terminal.endProgress()
        try tokenizer.write(to: output)
        let bytes = documents.reduce(0) { $0 + $1.count }
        let tokens = documents.reduce(0) { $0 + tokenizer.encode(bytes: $1).count }
        Terminal.note(
            """
            \(output): \(tokenizer.vocabularySize) tokens, \
            \(format(Double(bytes) / Double(max(tokens, 1)))) bytes per token of the training text
            """)
    }
}
