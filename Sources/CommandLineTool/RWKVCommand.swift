internal import ArgumentParser
internal import Foundation
internal import RWKV

/// The program: a list of its commands, each in a file of its own.
@main
struct RWKVCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rwkv",
        abstract: "Trains, runs and examines RWKV language models on an ordinary CPU.",
        discussion: """
            Try:
              rwkv generate "Once upon a time"
              rwkv chat --model model.pth
              rwkv serve model.pth
              rwkv train --data stories.txt --minutes 10 --output my-run
              rwkv generate --model my-run/model.safetensors "Lily"

            The environment variable RWKV_KERNELS (scalar, avx2, avx512, avx512-vnni, avx512-bf16, avx512-amx, \
            neon, neon-dotprod) forces a lower instruction-set level.
            """,
        version: "0.1.0",
        subcommands: [
            Generate.self, Chat.self, Serve.self, Train.self, Evaluate.self, Compare.self, Explain.self,
            DataCommand.self,
            Tokenize.self, TokenizerCommand.self, Logits.self, Convert.self, Merge.self, Quantize.self, Pull.self,
            Ingest.self, Inspect.self, Verify.self, Bench.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            do {
                try checkKernels()
                try command.run()
            } catch let error as any CustomStringConvertible & Error
                where !(error is ExitCode || error is ValidationError || error is CleanExit)
            {
                // Names from files are in many messages, and must not steer the terminal.
                throw InputError(description: escapingControlCharacters(error.description))
            }
        } catch {
            exit(withError: error)
        }
    }

    /// Levels that this machine lacks are passed over, but a name that is none is a mistake.
    private static func checkKernels() throws {
        let name = ProcessInfo.processInfo.environment["RWKV_KERNELS"] ?? ""
        guard !name.isEmpty, Kernels.Level(rawValue: name) == nil else { return }
        let names = Kernels.Level.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("RWKV_KERNELS is “\(escapingControlCharacters(name))”; it must be one of \(names)")
    }
}
