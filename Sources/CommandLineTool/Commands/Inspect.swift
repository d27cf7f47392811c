internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Shows what is in a file of tensors.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what is in a checkpoint: sizes, types, memory, tokenizer, and the values of every tensor.",
        discussion: """
            The file is mapped, so that its size does not matter; nothing in it is run. NaN and infinite values are named
            at the top and left out of the statistics. Files of tensors that are no model (states, adapters, training
            checkpoints) are listed too. The exit code is 1 if the file cannot be read, or is meant to be a model and
            cannot be loaded.

            Examples:
              rwkv inspect model.pth
              rwkv inspect --no-tensors model.safetensors
              rwkv inspect --json model.pth | jq '.tensors[] | select(.nan > 0) | .name'

            --json prints one object; what does not apply is left out:
              file, format, file_bytes   of the file; no file for the model inside, no file_bytes for a folder
              naming                     whose names the tensors have in the file, if not the official ones
              kind                       model, training_checkpoint, adapter, tuned_state, state or tensors
              problem                    why the tensors are not a model that can be loaded
              architecture, sizes        sizes: layers, width, hidden_width, vocabulary, heads, head_size, rank_…
              parameters                 the number of weights; of all elements if this is no model
              types                      for each type: tensors, elements, bytes
              weight_bytes               of all tensors, in the types in which they are read
              bytes_read_per_token       of the weights that one token needs: all but the other rows of the embedding
              state_bytes                of one sequence's state, in f32
              tokenizer                  source (file, beside, program, bytes), path, vocabulary
              metadata                   texts by name
              not_finite                 names of the tensors with NaN or infinite values
              tensors                    name, shape, type, bytes, min, max, mean, std, nan, infinite
            """)

    @Argument(
        help: ArgumentHelp(
            "A checkpoint or a folder of the Hugging Face hub; without it, or with built-in, the model inside.",
            valueName: "file"))
    var file: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    @Flag(inversion: .prefixedNo, help: "List the tensors with their statistics.")
    var tensors = true

    @OptionGroup var threading: ThreadOptions

    func run() throws {
        let named = NamedModel(file)
        let report = try about(named.name) { try FileReport(path: named.path, statisticsOn: pool) }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            Terminal.write(String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
        } else {
            Terminal.write(report.text(Style.ofStandardOutput))
        }
        if report.kind == .model, let problem = report.problem {
            throw InputError(description: "\(report.name) is a model that cannot be loaded: \(problem)")
        }
    }

    private var pool: ThreadPool? { tensors ? threading.workspace().threads : nil }
}
