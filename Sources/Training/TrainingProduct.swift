internal import Checkpoints
public import LanguageModels
public import Tensors

/// What a training makes: a whole model, LoRA factors, or a tuned state.
///
/// Factors and states are called as in RWKV-PEFT. The factors' α, which its files do not hold, is among the metadata as
/// `lora_alpha`, where the files have any.
public struct TrainingProduct {
    public let tensors: [StoredTensor]
    public let metadata: [String: String]
    /// What its file is called, without an ending: `model`, `lora` or `state`.
    public let name: String
    private let isAdapter: Bool

    public init(_ model: LanguageModel) {
        let tuning = model.tuning ?? .full
        isAdapter = tuning.method != .full
        tensors = isAdapter ? model.parameters.filter(\.isTrained).map(\.value) : model.tensors()
        switch tuning.method {
        case .full: (name, metadata) = ("model", [:])
        case .lora: (name, metadata) = ("lora", ["lora_alpha": "\(tuning.lora.alpha)"])
        case .state: (name, metadata) = ("state", [:])
        }
    }

    /// Writes it as a safetensors file.
    /// - Throws: `CheckpointError` if it cannot be written; the file that was there before is then untouched.
    public func write(to path: String) throws {
        try SafetensorsFile.write(tensors, metadata: metadata, to: path)
    }

    /// Writes it to a folder, and an adapter as .pth besides: that is what other programs read.
    /// - Returns: The path of the safetensors file.
    @discardableResult
    public func write(toFolder folder: RunFolder) throws -> String {
        let path = folder.file(name + ".safetensors")
        try write(to: path)
        if isAdapter { try PyTorchFile.write(tensors, to: folder.file(name + ".pth")) }
        return path
    }
}
