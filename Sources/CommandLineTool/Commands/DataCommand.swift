internal import ArgumentParser

/// Makes, reads and describes files to learn from.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Makes, reads and describes data sets to learn from.",
        discussion: """
            `rwkv train` takes text, lines of JSON, conversations and binidx data sets as they are; these commands exchange
            data with other programs and show what is in a file.

            Examples:
              rwkv data inspect chats.jsonl --tokenizer world --show 1
              rwkv data pack *.jsonl --tokenizer world --output corpus
              rwkv data unpack corpus --tokenizer world --output corpus.jsonl
            """,
        subcommands: [DataInspect.self, DataPack.self, DataUnpack.self])
}
