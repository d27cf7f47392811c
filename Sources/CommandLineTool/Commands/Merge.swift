internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Makes a model of a model and adapters.
struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a model with LoRA factors and a tuned state made part of it.",
        discussion: """
            W + α / r · B · A is computed with 32 bits and written in the matrix's own type, or in the one asked for. A tuned \
            state is kept beside the weights as blocks.{i}.att.time_state, as in RWKV-PEFT's files: texts then begin with it.

            Examples:
              rwkv merge rwkv7.pth merged.pth --lora my-lora/lora.safetensors
              rwkv merge rwkv7.pth merged.safetensors --lora adapter.pth:32 --type bf16
              rwkv merge built-in bard.safetensors --state my-state/state.pth
            """)

    @Argument(help: ArgumentHelp("The model, or built-in for the one inside the program.", valueName: "model"))
    var model: String

    @Argument(help: ArgumentHelp("The file to write: .safetensors, .st or .pth.", valueName: "output"))
    var output: String

    @OptionGroup var adapters: AdapterOptions

    @Option(help: ArgumentHelp("A tuned state.", valueName: "file"))
    var state: String?

    @Option(
        help: "The type of the weights: \(OutputFormat.safetensors.types); their own by default.",
        transform: { name in
            guard let type = WeightType(argument: name), OutputFormat.safetensors.holds(type.dataType) else {
                throw ValidationError("it must be one of \(OutputFormat.safetensors.types)")
            }
            return type
        })
    var type: WeightType?

    func validate() throws {
        guard let format = OutputFormat(path: output), format == .safetensors || format == .pth else {
            throw ValidationError(
                "the output is “\(output)”; its name must end in .safetensors, .st or .pth (rwkv convert writes others)"
            )
        }
        if adapters.lora.isEmpty, state == nil {
            throw ValidationError(
                "there is nothing to merge: name LoRA factors with --lora or a tuned state with --state")
        }
    }

    func run() throws {
        let named = NamedModel(model)
        let source = try named.source()
        let state = try state.map { path in
            guard try StateFile(path: path).isTuned else {
                throw InputError(description: "\(path) is a state that was saved after a text, not a tuned one")
            }
            return Adapter.state(path: path)
        }
        let all = try adapters.adapters() + (state.map { [$0] } ?? [])
        try about(model) {
            let merged = try named.checkpoint(all)
            let types = Dictionary(source.tensors.map { ($0.name, $0.type) }, uniquingKeysWith: { $1 })
            let tensors = (merged.tensors + merged.tunedState).map { tensor -> StoredTensor in
                guard tensor.type.holdsWeights else { return tensor }
                let own = types[tensor.name].map { $0.isQuantized ? .f32 : $0 } ?? tensor.type
                return tensor.converted(to: type?.dataType ?? own)
            }
            if OutputFormat(path: output) == .pth {
                try PyTorchFile.write(tensors, to: output)
            } else {
                try SafetensorsFile.write(tensors, to: output)
            }
            Terminal.note("\(output): \(tensors.count) tensors")
        }
    }
}
