internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Computes the logits of given tokens.
struct Logits: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes the logits after every one of the given tokens, and the state after the last.",
        discussion: """
            The output is a safetensors file with “logits” [T, V] and “state.0”, “state.1”, … in the order of the official
            package.

            Examples:
              rwkv logits --model model.pth --tokens 0,28,36 --output out.safetensors
              rwkv logits --model model.pth --tokens tokens.json --chunk 7 --state in.safetensors --output out.safetensors
              rwkv logits --model model.pth --lora adapter.pth:32 --tokens 0,28 --output out.safetensors
            """)

    @Option(
        help: ArgumentHelp(
            """
            A checkpoint (.safetensors, .pth, .gguf, .bin) or a folder from the Hugging Face hub; without it, the small \
            model inside the program.
            """, valueName: "path"))
    var model: String?

    @OptionGroup var adapters: AdapterOptions

    @Option(help: "Token ids: 1,2,3 or the path of a JSON file with an array.")
    var tokens: String

    @Option(help: "How many tokens go through the model together. The logits do not depend on it.")
    var chunk = 256

    @Option(help: ArgumentHelp("A saved or tuned state to begin with.", valueName: "file"))
    var state: String?

    @Option(help: ArgumentHelp("The safetensors file to write.", valueName: "file"))
    var output: String

    @Option(help: "The precision of activations: \(PrecisionName.allCases.map(\.rawValue).joined(separator: ", ")).")
    var precision = PrecisionName.exact

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        if chunk < 1 { throw ValidationError("--chunk is \(chunk); it must be at least 1") }
    }

    func run() throws {
        let ids = try TokenList.parse(tokens)
        let model = try NamedModel(self.model).load(adapters.adapters())
        var state =
            try self.state.map { path in try about(path) { try model.state(from: StateFile(path: path)) } }
            ?? model.initialState()
        let tape = Tape(on: threading.workspace(precision.precision))
        let width = model.configuration.vocabularySize
        var logits: [Float] = []
        logits.reserveCapacity(ids.count * width)
        for start in stride(from: 0, to: ids.count, by: chunk) {
            let part = Array(ids[start..<min(ids.count, start + chunk)])
            logits.append(contentsOf: try model(part, state: &state, wanted: .all, on: tape).values)
        }
        let result = StoredTensor(name: "logits", shape: [ids.count, width], floats: logits)
        try SafetensorsFile.write([result] + state.tensors(), to: output)
    }
}

/// Token ids on the command line.
enum TokenList {
    /// The ids in `text`, which is a list such as `1,2,3` or the path of a JSON file with an array.
    static func parse(_ text: String) throws -> [TokenID] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let ids = parts.compactMap { TokenID($0.trimmingCharacters(in: .whitespaces)) }
        if !ids.isEmpty, ids.count == parts.count { return ids }
        guard let data = FileManager.default.contents(atPath: text) else {
            throw ValidationError("--tokens is “\(text)”; it must be ids such as 1,2,3 or the path of a JSON file")
        }
        do {
            return try JSONDecoder().decode([TokenID].self, from: data)
        } catch {
            throw ValidationError("\(text) does not hold a JSON array of token ids")
        }
    }
}
