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
              rwkv bench kernels
              rwkv bench tokenizer --tokenizer world --vocab rwkv_vocab_v20230424.txt --data text.txt
            """,
        subcommands: [BenchModel.self, BenchKernels.self, BenchTokenizer.self], defaultSubcommand: BenchModel.self)
}

/// The speed of one model.
struct BenchModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Decode and prefill speed of a model.")

    @OptionGroup var options: ModelOptions

    func run() throws {
        let model = try options.loadModel()
        let tape = Tape(on: options.threading.workspace())
        let vocabularySize = Int32(model.configuration.vocabularySize)
        let prompt = (0..<512).map { Int32($0 * 7 % 251) % vocabularySize }
        var state = model.initialState()
        var best = (prefill: Double.infinity, decode: Double.infinity)
        for _ in 0..<5 {
            best.prefill = min(best.prefill, try time { _ = try model(prompt, state: &state, on: tape) })
            best.decode = min(
                best.decode,
                try time { for token in prompt.prefix(64) { _ = try model([token], state: &state, on: tape) } })
        }
        let bytes = model.parameters.reduce(0) { $0 + $1.value.byteCount }
        Terminal.write(
            """
            \(model.configuration.architecture), \(model.parameterCount) parameters, \(tape.workspace.kernels.name), \
            \(tape.workspace.threads.threadCount) threads
            prefill of 512 tokens: \(format(512 / best.prefill, decimals: 0)) tokens/s
            decode: \(format(64 / best.decode, decimals: 0)) tokens/s, reading \
            \(format(Double(bytes) * 64 / best.decode / 1e9)) GB/s of weights

            """)
    }
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
