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
        guard let tokens = tokens(text) else { return nil }
        let slots = file.tensors.filter { $0.name != "logits" }
        // A smaller model's slots may be among a larger one's.
        guard slots.count == model.stateLayout.slots.count else { return nil }
        let logits = file.tensors.first { $0.name == "logits" }?.floats()
        guard logits.map({ $0.count == model.configuration.vocabularySize }) ?? true else { return nil }
        return StateSnapshot(tokens: tokens, state: try model.state(loading: slots), logits: logits)
    }

    /// Numbers with blanks between them; `nil` if they are anything else. A long text has thousands, and somebody waits.
    private static func tokens(_ text: String) -> [TokenID]? {
        if text.isEmpty { return [] }
        var found: [TokenID] = []
        var number: TokenID?
        for byte in text.utf8 {
            if byte == UInt8(ascii: " ") {
                guard let whole = number else { return nil }
                found.append(whole)
                number = nil
            } else {
                guard (0x30...0x39).contains(byte) else { return nil }
                let (tens, isTooLarge) = (number ?? 0).multipliedReportingOverflow(by: 10)
                let (sum, overflows) = tens.addingReportingOverflow(TokenID(byte - 0x30))
                if isTooLarge || overflows { return nil }
                number = sum
            }
        }
        guard let number else { return nil }
        return found + [number]
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
