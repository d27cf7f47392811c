internal import Checkpoints
internal import Foundation
internal import Generation
internal import LanguageModels
internal import Tensors
internal import Tokenizers

/// A snapshot as the bytes of a safetensors file: the state's slots, the tokens, and the logits if there are any.
enum StateBlob {
    private static let tokensKey = "rwkv.tokens"

    /// - Throws: `CheckpointError`.
    static func data(of snapshot: StateSnapshot, metadata: [String: String] = [:]) throws -> Data {
        var tensors = snapshot.state.tensors()
        if let logits = snapshot.logits {
            tensors.append(StoredTensor(name: "logits", shape: [logits.count], floats: logits))
        }
        let sink = DataSink()
        let tokens = [tokensKey: snapshot.tokens.map(String.init).joined(separator: " ")]
        try SafetensorsFile.write(tensors, metadata: metadata.merging(tokens) { $1 }, to: sink)
        return sink.data
    }

    /// - Throws: `CheckpointError` if the bytes are broken; `ModelError` if the state is another model's.
    static func snapshot(_ data: Data, for model: LanguageModel) throws -> StateSnapshot? {
        let file = try file(data)
        guard let text = file.metadata[tokensKey] else { return nil }
        let tokens = text.split(separator: " ").compactMap { TokenID($0) }
        let slots = file.tensors.filter { $0.name != "logits" }
        // A smaller model's slots may be among a larger one's.
        guard slots.count == model.stateLayout.slots.count else { return nil }
        let logits = file.tensors.first { $0.name == "logits" }?.floats()
        guard logits.map({ $0.count == model.configuration.vocabularySize }) ?? true else { return nil }
        return StateSnapshot(tokens: tokens, state: try model.state(loading: slots), logits: logits)
    }

    /// The file in memory.
    static func file(_ data: Data) throws(CheckpointError) -> SafetensorsFile {
        let storage = Storage(byteCount: data.count)
        if let target = storage.mutableBytes { data.copyBytes(to: target) }
        return try SafetensorsFile(storage: storage)
    }
}

/// Collects bytes in memory.
final class DataSink: ByteSink {
    private(set) var data = Data()

    func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) { data.append(contentsOf: bytes) }
}
