internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Reads long texts into a state.
struct Ingest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Reads texts of any length and saves the state after them.",
        discussion: """
            The state has the same size after a page and after a library, and reading takes the same memory. It is saved \
            now and then; the same command after a crash or Ctrl-C reads on from there. `rwkv generate --state` goes on \
            from the text.

            Each file is one document. The perplexity is that of all tokens read so far.

            Examples:
              rwkv ingest model.pth moby-dick.txt --save moby-dick.safetensors
              rwkv generate --model model.pth --state moby-dick.safetensors "Call me"
              rwkv ingest built-in story.txt --save story.safetensors
            """)

    @Argument(help: ArgumentHelp("A checkpoint, or built-in for the model inside the program.", valueName: "model"))
    var model: String

    @Argument(help: ArgumentHelp("The texts.", valueName: "file"))
    var files: [String]

    @Option(help: ArgumentHelp("The safetensors file for the state.", valueName: "file"))
    var save: String

    @OptionGroup var adapters: AdapterOptions

    @OptionGroup var tokenizer: TokenizerOptions

    @OptionGroup var activations: PrecisionOptions

    @OptionGroup var threading: ThreadOptions

    @Option(help: "How many tokens go through the model together. The state does not depend on it.")
    var chunk = 128

    @Option(help: ArgumentHelp("How often the state is saved on the way, in seconds.", valueName: "seconds"))
    var saveEvery = 20.0

    @Flag(
        name: .customLong("no-perplexity"),
        help: "Do not predict the tokens: faster, above all with large vocabularies.")
    var withoutPerplexity = false

    @Flag(help: "Begin anew, and replace the file that --save names.")
    var restart = false

    func validate() throws {
        if files.isEmpty { throw ValidationError("there is no file to read") }
        if !(saveEvery >= 0) { throw ValidationError("--save-every is \(saveEvery); it must be at least 0") }
        if !(1...65536).contains(chunk) { throw ValidationError("--chunk is \(chunk); it must be from 1 to 65536") }
    }

    func run() throws {
        let interrupt = Interrupt()
        let named = NamedModel(model)
        let loaded = try named.load(adapters.adapters())
        let tokenizer = try ModelOptions.tokenizer(tokenizer, of: named.path, for: loaded)
        let storages = try files.map { try MappedFile(path: $0).storage }
        let fresh = ReadingProgress(
            files: files.map { URL(fileURLWithPath: $0).standardizedFileURL.path }, sizes: storages.map(\.bytes.count),
            model: loaded.configuration)
        let saved = try earlier(fresh)
        if let saved, saved.isFinished {
            Terminal.note("\(save) holds the state after these files already")
            return report(saved, since: saved, seconds: 0)
        }
        let state = try saved.map { _ in try about(save) { try loaded.state(from: StateFile(path: save)) } }
        if let saved { Terminal.note("going on after \(saved.tokens) tokens") }
        let reading = Reading(
            model: loaded, tokenizer: tokenizer, statePath: save, chunk: chunk, withPerplexity: !withoutPerplexity,
            secondsBetweenSaves: saveEvery)
        let began = monotonicSeconds()
        let reached = try reading.run(
            from: saved ?? fresh, state ?? loaded.initialState(), storages,
            on: threading.workspace(activations.precision.precision), until: interrupt)
        Terminal.endProgress()
        report(reached, since: saved ?? fresh, seconds: monotonicSeconds() - began)
        if !reached.isFinished {
            Terminal.note("stopped; the same command reads on from here")
            throw ExitCode(130)
        }
    }

    /// How far an earlier run came; `nil` if there was none or it is to be forgotten.
    private func earlier(_ fresh: ReadingProgress) throws -> ReadingProgress? {
        guard !restart, FileManager.default.fileExists(atPath: save) else { return nil }
        let metadata = try about(save) { try CheckpointFile.open(path: save).metadata }
        guard let found = ReadingProgress(metadata: metadata), found.isSameWork(as: fresh) else {
            throw InputError(
                description: "\(save) exists and is not the state of these files and this model; --restart replaces it")
        }
        return found
    }

    private func report(_ progress: ReadingProgress, since start: ReadingProgress, seconds: Double) {
        var parts = ["\(progress.tokens) tokens, \(progress.bytes) bytes"]
        if progress.predicted > 0 {
            parts.append(
                "perplexity \(format(exp(progress.natsPerToken), decimals: 3)), "
                    + "\(format(progress.bitsPerByte, decimals: 4)) bits per byte")
        }
        if progress.tokens > start.tokens {
            parts.append("\(format(Double(progress.tokens - start.tokens) / max(seconds, 1e-9), decimals: 0)) tokens/s")
        }
        Terminal.write(parts.joined(separator: "; ") + "\n")
    }
}
