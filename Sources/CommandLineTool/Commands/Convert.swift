internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Writes a checkpoint in another format or type.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a checkpoint in another format, or its weights in another type.",
        discussion: """
            The formats follow the files: the input's what it holds, the output's its name: .safetensors (or .st), .pth,
            .gguf for llama.cpp (RWKV-6 and 7) or .bin for rwkv.cpp (RWKV-4 to 7).

            Without --type, weights keep their types; what the output's format does not have becomes f32. In .gguf and .bin
            files the type is that of the large matrices: the rest is f32 there, as these programs need it, and in .bin
            files embedding and head are not quantised. Numbers are rounded to nearest, ties to even; q8_0 to q4_0 are ggml's
            blocks of 8 to 4 bits, quantised as ggml does. `rwkv quantize` does that better, if more slowly, and shows what it
            costs.

            A .gguf file gets the tokenizer of the input, if that is one too, or the one that --vocab names or that is found
            where other commands look for it. llama.cpp reads World vocabularies; a tokenizer.json is for this program.

            Models named as by other projects, and folders of the Hugging Face hub, become files with the official names.

            Examples:
              rwkv convert model.pth model.safetensors
              rwkv convert my-run/best.safetensors small.pth --type bf16
              rwkv convert rwkv7.pth rwkv7.gguf --type q8_0 --vocab rwkv_vocab_v20230424.txt
              rwkv convert rwkv7-Q4_K_M.gguf rwkv7.pth --type bf16
              rwkv convert rwkv4.pth rwkv4.bin --type q5_1
              rwkv convert built-in inside.gguf --type q8_0
              rwkv convert model.pth merged.safetensors --lora adapter.pth:32 --type bf16
            """)

    @Argument(
        help: ArgumentHelp("The checkpoint to read, or built-in for the model inside the program.", valueName: "input"))
    var input: String

    @Argument(help: ArgumentHelp("The file to write: .safetensors, .st, .pth, .gguf or .bin.", valueName: "output"))
    var output: String

    @OptionGroup var adapters: AdapterOptions

    @Option(
        help: """
            The type of the weights: f32, f16, bf16; for .gguf and .bin also q8_0, q5_1, q5_0, q4_1, q4_0; for .gguf also q6_k, \
            q5_k, q4_k.
            """)
    var type: WeightType?

    @Option(
        help: ArgumentHelp("The tokenizer for a .gguf file: a World vocabulary or a tokenizer.json.", valueName: "file")
    )
    var vocab: String?

    func validate() throws {
        guard let format = outputFormat else {
            throw ValidationError(
                "the output is “\(output)”; its name must end in .safetensors, .st, .pth, .gguf or .bin")
        }
        if let type, !format.holds(type.dataType) {
            throw ValidationError("\(format.name) cannot hold \(type.rawValue); choose one of \(format.types)")
        }
        if vocab != nil, format != .gguf { throw ValidationError("--vocab is for .gguf files; leave it away") }
    }

    func run() throws {
        guard let format = outputFormat else { return }
        let adapters = try adapters.adapters()
        let named = NamedModel(input)
        let file = try named.source()
        var tensors = file.tensors
        if !adapters.isEmpty {
            let adapted = try named.checkpoint(adapters)
            // llama.cpp and rwkv.cpp know no first state.
            tensors = adapted.tensors + (format == .gguf || format == .bin ? [] : adapted.tunedState)
        }
        try about(input) {
            switch format {
            case .safetensors: try SafetensorsFile.write(plain(tensors), metadata: file.metadata, to: output)
            case .pth: try PyTorchFile.write(plain(tensors), to: output)
            case .gguf:
                let rows = tensors.first { $0.name == "emb.weight" }?.shape.extents.first ?? 0
                let tokenizer = try CarriedTokenizer.parts(of: named.path, named: vocab, vocabularySize: rows)
                try GGUFFile.write(
                    tensors, type: type?.dataType, vocabulary: tokenizer.vocabulary, tokenizerJSON: tokenizer.json,
                    name: OutputFormat.stem(output), to: output)
            case .bin: try RWKVCppFile.write(tensors, type: type?.dataType, to: output)
            }
        }
        let result = try CheckpointFile.open(path: output)
        warnOfEpsilon(before: file.metadata, after: result.metadata)
        let written = result.tensors
        let bytes = written.reduce(0) { $0 + $1.byteCount }
        Terminal.note(
            "\(output): \(written.count) tensors, \(CommandLineTool.format(Double(bytes) / 1e6)) MB of weights")
    }

    /// Warns if the new file stands for another ε of the group norms: rwkv.cpp has its own for RWKV-5, and other formats have
    /// no place for it.
    private func warnOfEpsilon(before: [String: String], after: [String: String]) {
        let (old, new) = (epsilon(before), epsilon(after))
        guard old != new else { return }
        Terminal.note(
            "warning: \(output) is read with \(new) as the group norms' epsilon, \(input) with \(old): logits differ")
    }

    private func epsilon(_ metadata: [String: String]) -> Float {
        metadata["group_norm_epsilon"].flatMap(Float.init) ?? ModelConfiguration.officialGroupNormEpsilon
    }

    /// The tensors in a type that stands alone: quantised ones become `f32` unless another is asked for.
    private func plain(_ tensors: [StoredTensor]) -> [StoredTensor] {
        tensors.map { tensor in
            guard tensor.type.holdsWeights else { return tensor }
            if let type { return tensor.converted(to: type.dataType) }
            return tensor.type.isQuantized ? tensor.converted(to: .f32) : tensor
        }
    }

    private var outputFormat: OutputFormat? { OutputFormat(path: output) }
}
