public import Checkpoints
internal import DefaultModel
public import LanguageModels
internal import Tensors
public import Tokenizers

/// The small model inside the program, with its tokenizer: it tells stories for children and needs no file.
public enum BuiltInModel {
    /// The model; its weights are used where the program's image holds them.
    /// - Parameters:
    ///   - adapters: What to apply to it, in order.
    ///   - tuning: What a training is to change.
    public static func model(adapters: [Adapter] = [], training tuning: Tuning? = nil) throws -> LanguageModel {
        try LanguageModel(AdaptedCheckpoint(checkpoint(), adapters: adapters), training: tuning)
    }

    /// The model's checkpoint.
    public static func checkpoint() throws(CheckpointError) -> SafetensorsFile { try SafetensorsFile(storage: storage) }

    /// The model's own byte-level BPE.
    public static func tokenizer() throws -> any Tokenizer {
        try BytePairTokenizer(tokenizerJSON: tokenizerJSON)
    }

    /// The tokenizer's file, `tokenizer.json`.
    public static var tokenizerJSON: [UInt8] { Array(UnsafeRawBufferPointer(rwkv_default_tokenizer())) }

    private static var storage: Storage {
        // Part of the program's image, so there is nothing to release.
        Storage(readOnly: UnsafeRawBufferPointer(rwkv_default_model()), release: {})
    }
}

extension UnsafeRawBufferPointer {
    fileprivate init(_ blob: rwkv_blob) { self.init(start: blob.bytes, count: blob.count) }
}
