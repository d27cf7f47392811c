internal import ArgumentParser
internal import RWKV

/// Writes a checkpoint in another format or type.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a checkpoint as .safetensors or .pth, in another type if asked.",
        discussion: """
            The format of the output follows its name. Numbers are rounded to nearest, ties to even. Models named as by
            other projects, and folders of the Hugging Face hub, become files with the official names.

            Examples:
              rwkv convert model.pth model.safetensors
              rwkv convert my-run/best.safetensors small.pth --type bf16
              rwkv convert model.pth merged.safetensors --lora adapter.pth:32 --type bf16
            """)

    @Argument(help: ArgumentHelp("The checkpoint to read.", valueName: "input"))
    var input: String

    @Argument(help: ArgumentHelp("The file to write: .safetensors, .st or .pth.", valueName: "output"))
    var output: String

    @OptionGroup var adapters: AdapterOptions

    @Option(help: "The type of all floating-point tensors: f32, bf16 or f16; as they are by default.")
    var type: WeightType?

    func validate() throws {
        if !["safetensors", "st", "pth"].contains(suffix) {
            throw ValidationError("the output is “\(output)”; its name must end in .safetensors, .st or .pth")
        }
    }

    func run() throws {
        let adapters = try adapters.adapters()
        let file: any TensorSource = try about(input) {
            if adapters.isEmpty { return try ModelCheckpoint(path: input) }
            return try AdaptedCheckpoint(path: input, adapters: adapters)
        }
        let tensors = file.tensors.map { tensor in
            type.map { tensor.type.isFloatingPoint ? tensor.converted(to: $0.dataType) : tensor } ?? tensor
        }
        if suffix == "pth" {
            try PyTorchFile.write(tensors, to: output)
        } else {
            try SafetensorsFile.write(tensors, metadata: file.metadata, to: output)
        }
        let bytes = tensors.reduce(0) { $0 + $1.byteCount }
        Terminal.note("\(output): \(tensors.count) tensors, \(format(Double(bytes) / 1e6)) MB of weights")
    }

    private var suffix: String { String(output.split(separator: ".").last ?? "") }
}

/// The types that weights can be written in.
enum WeightType: String, ExpressibleByArgument, CaseIterable {
    case f32, bf16, f16

    var dataType: DataType {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .f16: .f16
        }
    }
}
