internal import ArgumentParser
internal import Foundation
internal import RWKV

/// What is applied to a model's weights while it is loaded.
struct AdapterOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            LoRA factors to merge into the model. ALPHA is what they were trained with, which files of other programs do \
            not say; the rank by default. May be given several times.
            """, valueName: "file[:alpha]"))
    var lora: [LoRAOption] = []

    @Option(
        help: ArgumentHelp(
            "For a PiSSA file given with --lora: the factors that its training began with (init_pissa.pth).",
            valueName: "file"))
    var loraInit: String?

    func validate() throws {
        if loraInit != nil, lora.count != 1 {
            throw ValidationError("--lora-init belongs to one --lora; there are \(lora.count)")
        }
    }

    /// The adapters in the order in which they are applied.
    func adapters() throws -> [Adapter] {
        lora.map { option in
            if option.alpha == nil, loraInit == nil, !option.saysItsAlpha {
                Terminal.note("\(option.path): no alpha given; the factors are added with a scale of 1 (alpha = rank)")
            }
            return .lora(path: option.path, alpha: option.alpha, firstFactors: loraInit)
        }
    }
}

/// A file with the number that scales what is in it: `FILE` or `FILE:ALPHA`.
struct LoRAOption: ExpressibleByArgument, Equatable {
    let path: String
    let alpha: Float?

    init?(argument: String) {
        // What follows the last colon is alpha, unless it is part of a file's name.
        if let colon = argument.lastIndex(of: ":"), !FileManager.default.fileExists(atPath: argument),
            let alpha = Float(argument[argument.index(after: colon)...])
        {
            path = String(argument[..<colon])
            self.alpha = alpha
        } else {
            path = argument
            alpha = nil
        }
        if path.isEmpty { return nil }
    }

    /// Whether the file itself holds alpha. One that cannot be read is reported by whoever reads it.
    var saysItsAlpha: Bool { (try? ModelCheckpoint(path: path).metadata["lora_alpha"]) != nil }
}
