internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Writes text.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes the text that follows a prompt.",
        discussion: """
            Examples:
              rwkv generate "Once upon a time"
              rwkv generate --model model.pth --vocab rwkv_vocab_v20230424.txt --tokens 200 "The Eiffel tower"
              rwkv generate --model rwkv7-folder --lora adapter.pth:32 --state tuned.pth "User: Hello"
              echo "Tom had a red ball." | rwkv generate --temperature 0 -
            """)

    @Argument(help: "What the text begins with; - reads it from standard input.")
    var prompt = ""

    @OptionGroup var options: ModelOptions
    @OptionGroup var sampling: SamplingOptions

    @Option(name: [.customLong("tokens"), .customShort("n")], help: "The most tokens to write.")
    var tokenLimit = 400

    @Option(help: ArgumentHelp("Go on from a saved state, or begin with a tuned one.", valueName: "file"))
    var state: String?

    @Option(help: ArgumentHelp("Save the state after the text.", valueName: "file"))
    var saveState: String?

    @Flag(help: "Print one JSON object at the end instead of streaming text.")
    var json = false

    @Flag(help: "Say on standard error how long it took.")
    var stats = false

    func validate() throws {
        if tokenLimit < 0 { throw ValidationError("--tokens is \(tokenLimit); it must be at least 0") }
        _ = try sampling.parameters()
    }

    func run() throws {
        let interrupt = Interrupt()
        let began = DispatchTime.now()
        let model = try options.loadModel()
        let tokenizer = try options.loadTokenizer(for: model)
        let prompt = try self.prompt == "-" ? standardInput() : self.prompt
        let stateFile = try state.map { path in try about(path) { try StateFile(path: path) } }
        let restored = try stateFile.map { file in try about(state ?? "") { try model.state(from: file) } }
        var text = try TextGeneration(
            model, tokenizer, sampling.parameters(), stopStrings: sampling.stop, maximumTokens: tokenLimit,
            state: restored, on: options.workspace())
        // A saved state stands in the middle of its text; every other one, tuned or fresh, before the beginning.
        let goesOn = stateFile.map { !$0.isTuned } ?? false
        let promptTokens = goesOn ? tokenizer.encode(prompt) : Generator.promptTokens(prompt, tokenizer)
        if promptTokens.isEmpty {
            throw InputError(
                description: "a saved state does not say what comes next by itself: give a prompt, if only a line end")
        }
        try self.read(promptTokens, into: &text, until: interrupt)
        let read = DispatchTime.now()

        if !json { Terminal.write(prompt) }
        var written = ""
        var first: DispatchTime?
        while !interrupt.isRequested, let step = try text.next() {
            if first == nil { first = DispatchTime.now() }
            if json { written += step.text } else { Terminal.write(step.text) }
        }
        let ended = DispatchTime.now()
        let tokensPerSecond = Double(text.tokens.count) / max(seconds(read, ended), 1e-9)
        if json {
            let report = GenerationReport(
                prompt: prompt, text: written, promptTokens: promptTokens.count, tokens: text.tokens,
                finishReason: interrupt.isRequested ? "interrupted" : text.finishReason.map(describe) ?? "none",
                seed: text.seed, secondsToFirstToken: seconds(began, first ?? ended), tokensPerSecond: tokensPerSecond)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            Terminal.write(String(decoding: try encoder.encode(report), as: UTF8.self))
        }
        Terminal.write("\n")
        if let saveState { try SafetensorsFile.write(text.state.tensors(), to: saveState) }
        if stats {
            Terminal.note(
                """
                \(promptTokens.count) prompt tokens, \(text.tokens.count) written; first after \
                \(format(1000 * seconds(began, first ?? ended), decimals: 0)) ms, then \
                \(format(tokensPerSecond, decimals: 0)) tokens/s; seed \(text.seed)
                """)
        }
        if interrupt.isRequested { throw ExitCode(130) }
    }

    private func read(_ tokens: [TokenID], into text: inout TextGeneration, until interrupt: Interrupt) throws {
        let piece = 1024
        for start in stride(from: 0, to: tokens.count, by: piece) where !interrupt.isRequested {
            try text.read(Array(tokens[start..<min(start + piece, tokens.count)]))
            if tokens.count > piece {
                Terminal.progress("read \(min(start + piece, tokens.count)) of \(tokens.count) tokens")
            }
        }
        Terminal.endProgress()
    }

    private func standardInput() throws -> String {
        let data = try FileHandle.standardInput.readToEnd() ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    private func describe(_ reason: FinishReason) -> String {
        switch reason {
        case .length: "length"
        case .stopToken: "stop_token"
        case .stopString: "stop_string"
        case .constraint: "constraint"
        }
    }
}

private struct GenerationReport: Encodable {
    let prompt: String
    let text: String
    let promptTokens: Int
    let tokens: [TokenID]
    let finishReason: String
    let seed: UInt64
    let secondsToFirstToken: Double
    let tokensPerSecond: Double

    enum CodingKeys: String, CodingKey {
        case prompt, text, tokens, seed
        case promptTokens = "prompt_tokens"
        case finishReason = "finish_reason"
        case secondsToFirstToken = "seconds_to_first_token"
        case tokensPerSecond = "tokens_per_second"
    }
}

/// The seconds between two moments.
func seconds(_ from: DispatchTime, _ to: DispatchTime) -> Double {
    Double(to.uptimeNanoseconds &- from.uptimeNanoseconds) * 1e-9
}
