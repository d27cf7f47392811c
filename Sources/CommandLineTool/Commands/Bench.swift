internal import ArgumentParser
internal import RWKV

/// Measures this machine.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the kernels, tokenizers and models on this machine.",
        discussion: """
            Timings are the best of several interleaved rounds. They mean little while something else runs.

            Examples:
              rwkv bench
              rwkv bench --random rwkv7:L12:D768:V65536 --types bf16,q8_0,q4_0 --threads 1,2
              rwkv bench training --random rwkv7:L6:D512:V256
              rwkv bench length
              rwkv bench kernels
              rwkv bench tokenizer --tokenizer world --vocab rwkv_vocab_v20230424.txt --data text.txt
            """,
        subcommands: [BenchModel.self, BenchTraining.self, BenchLength.self, BenchKernels.self, BenchTokenizer.self],
        defaultSubcommand: BenchModel.self)
}

/// The speed of a tokenizer.
struct BenchTokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenizer", abstract: "How fast a tokenizer turns a text into tokens, on one thread.")

    @OptionGroup var options: TokenizerOptions

    @Option(help: ArgumentHelp("The text.", valueName: "file"))
    var data: String

    func run() throws {
        let tokenizer = try options.load() ?? BuiltInModel.tokenizer()
        let bytes = try TextData(path: data).documents.flatMap { $0 }
        var best = Double.infinity
        var count = 0
        for _ in 0..<5 { best = min(best, time { count = tokenizer.encode(bytes: bytes).count }) }
        Terminal.write(
            """
            \(bytes.count) bytes, \(count) tokens: \(format(Double(bytes.count) / best / 1e6, decimals: 1)) MB/s

            """)
    }
}

/// The seconds that `work` takes.
func time(_ work: () throws -> Void) rethrows -> Double {
    let began = monotonicSeconds()
    try work()
    return monotonicSeconds() - began
}
