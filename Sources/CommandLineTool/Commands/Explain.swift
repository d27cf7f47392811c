internal import ArgumentParser
internal import Explanation
internal import Foundation
internal import RWKV

/// Shows what a model does with a text, step by step.
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a page that follows a text through a model, step by step, on the model's own numbers.",
        discussion: """
            The page (one HTML file that needs nothing else) shows: the tokens and their embeddings; token shift; r, k and
            v; num, den and wkv of RWKV-4, or the state matrices of RWKV-5 to 7; after how many tokens each channel has
            forgotten half; which earlier tokens each position still carries, the recurrence written as attention; the
            channel mix; what would be predicted behind each layer; and the probabilities of the next token. Each step has
            its formula and a few sentences. The text has at most \(Explainer.tokenLimit) tokens.

            An RNN, an LSTM or a Transformer gets a smaller page.

            Examples:
              rwkv explain
              rwkv explain --text "Tom had a red ball. One day the ball was" --output page.html
              rwkv explain model.pth --text "The Eiffel tower is in" --layer 11 --head 3
              rwkv explain model.pth --text "The Eiffel tower is in" --position 2 --json | jq .next

            --json prints one object with everything that the page shows:
              model, tokens              sizes; number, text and embedding of each token
              layer, head, position      what detail is of
              layers                     of each: half-lives, token shift, attention[head][t][i], gate, lengths
              detail                     of the layer and head: r, k, v …, sums (RWKV-4) or matrices (RWKV-5 to 7)
              predictions                [layer][t]: what would be predicted behind the layer
              next                       the likeliest tokens after the position, with logits and probabilities
            """)

    @Argument(
        help: ArgumentHelp(
            """
            A checkpoint (.safetensors, .pth, .gguf, .bin) or a folder from the Hugging Face hub; without it, or with \
            built-in, the small model inside the program.
            """, valueName: "model"))
    var model: String?

    @OptionGroup var adapters: AdapterOptions

    @OptionGroup var tokenizer: TokenizerOptions

    @Option(help: ArgumentHelp("The text to read.", valueName: "text"))
    var text = "Once upon a time there was a little girl named Lily. She"

    @Option(help: "The layer to look at closely, from 0; the middle one by default.")
    var layer: Int?

    @Option(help: "The head of that layer, from 0.")
    var head: Int?

    @Option(help: "The token after which to look, from 0; the last one by default.")
    var position: Int?

    @Option(
        help: ArgumentHelp(
            "The page to write; with --json none unless named. (default: explain.html)", valueName: "file"))
    var output: String?

    @Flag(help: "Print a JSON object with the numbers.")
    var json = false

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        if text.isEmpty { throw ValidationError("--text is empty; give some text to read") }
        for (name, value) in [("--layer", layer), ("--head", head), ("--position", position)] {
            if let value, value < 0 { throw ValidationError("\(name) is \(value); it must be at least 0") }
        }
    }

    func run() throws {
        let named = NamedModel(model)
        let loaded = try named.load(adapters.adapters())
        let tokenizer = try ModelOptions.tokenizer(self.tokenizer, of: named.path, for: loaded)
        let explanation = try about(named.name) {
            try Explainer.explain(
                loaded, tokenizer.encode(text), layer: layer, head: head, position: position,
                on: threading.workspace(),
                label: { TokenLabel.text(tokenizer.bytes(of: $0) ?? []) })
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // A broken model has such numbers, and one wants to see where.
            encoder.nonConformingFloatEncodingStrategy = .convertToString(
                positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
            Terminal.write(String(decoding: try encoder.encode(explanation), as: UTF8.self) + "\n")
            if output == nil { return }
        }
        let name = named.path.map { URL(fileURLWithPath: $0).lastPathComponent } ?? "The model inside the program"
        let output = self.output ?? "explain.html"
        try AtomicFile.replace(output, with: Array(ExplanationPage(explanation, modelName: name).html().utf8))
        Terminal.note("done: \(output)")
    }
}
