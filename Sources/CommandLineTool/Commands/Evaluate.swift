internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Measures how well a model predicts a text.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures how well a model predicts a text, in nats per token and bits per byte.",
        discussion: """
            The text is read once from its beginning, with the state carried through. Ends of documents are predicted too.

            Examples:
              rwkv evaluate --model my-run/best.safetensors --data valid.txt
              rwkv evaluate --model model.pth --state tuned.pth --data valid.txt
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("The text.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("A tuned or saved state to begin with.", valueName: "file"))
    var state: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        let model = try options.loadModel(firstState: state)
        let tokenizer = try options.loadTokenizer(for: model)
        let text = try TextData(path: data)
        let loss = try ValidationSet(text.tokens(tokenizer), byteCount: text.byteCount)
            .measure(model, on: options.workspace())
        let perplexity = exp(loss.natsPerToken)
        if json {
            let report: [String: Double] = [
                "nats_per_token": loss.natsPerToken, "bits_per_byte": loss.bitsPerByte, "perplexity": perplexity,
                "tokens": Double(loss.tokenCount), "bytes": Double(loss.byteCount),
            ]
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            Terminal.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
        } else {
            Terminal.write(
                """
                \(loss.tokenCount) tokens, \(loss.byteCount) bytes: \(format(loss.natsPerToken, decimals: 4)) nats per \
                token (perplexity \(format(perplexity, decimals: 3))), \(format(loss.bitsPerByte, decimals: 4)) bits per byte

                """)
        }
    }
}
