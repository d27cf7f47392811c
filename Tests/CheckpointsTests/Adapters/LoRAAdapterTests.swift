import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite("LoRA factors")
struct LoRAAdapterTests {
    /// A matrix that changes and a vector that does not.
    private static let model = TensorList(tensors: [
        StoredTensor(name: "blocks.0.att.key.weight", shape: [2, 3], floats: [1, 2, 3, 4, 5, 6] as [Float]),
        counting("blocks.0.ln1.weight", [1, 1, 3]),
    ])
    private static let a = StoredTensor(
        name: "blocks.0.att.key.lora_A", shape: [2, 3], floats: [1, 0, 2, 0, 1, -1] as [Float])
    private static let b = StoredTensor(
        name: "blocks.0.att.key.lora_B", shape: [2, 2], floats: [1, 2, 3, 4] as [Float])

    private func merge(_ tensors: [StoredTensor], alpha: Float? = nil, first: [StoredTensor]? = nil) throws
        -> TensorList
    {
        try LoRAAdapter(
            TensorList(tensors: tensors), alpha: alpha, firstFactors: first.map { TensorList(tensors: $0) }
        ).merged(into: Self.model, on: Workspace(threadCount: 1))
    }

    @Test("are added as (alpha / rank) · B · A", arguments: [nil, 2, 4, 0, -1] as [Float?])
    func scaled(alpha: Float?) throws {
        // By hand: B · A = [1 2; 3 4] · [1 0 2; 0 1 -1] = [1 2 0; 3 4 2].
        let scale = (alpha ?? 2) / 2
        let expected: [Float] = zip([1, 2, 3, 4, 5, 6], [1, 2, 0, 3, 4, 2] as [Float]).map { $0 + scale * $1 }
        let merged = try merge([Self.a, Self.b], alpha: alpha)
        #expect(merged["blocks.0.att.key.weight"]?.floats() == expected)
        #expect(merged.tensors.map(\.name) == Self.model.tensors.map(\.name))
        #expect(merged.tensors[1].location.storage === Self.model.tensors[1].location.storage)
    }

    @Test("are read in every type, and under the names of the peft library", arguments: [DataType.bf16, .f16, .f32])
    func types(type: DataType) throws {
        let expected = try merge([Self.a, Self.b]).tensors[0].floats()
        #expect(try merge([Self.a, Self.b].map { $0.converted(to: type) }).tensors[0].floats() == expected)
        for ending in [".weight", ".default.weight"] {
            #expect(try merge([Self.a, Self.b].map { $0.renamed($0.name + ending) }).tensors[0].floats() == expected)
        }
        let folder = try TemporaryFolder()
        let path = try folder.safetensors(
            "adapter_model.safetensors", [Self.a, Self.b].map { $0.renamed("base_model.model.\($0.name).weight") })
        #expect(try merge(ModelCheckpoint(path: path).tensors).tensors[0].floats() == expected)
    }

    @Test("of PiSSA take away what they began with")
    func pissa() throws {
        // By hand: B₀ · A₀ = [1; 1] · [1 1 1], taken from W + B · A = [2 4 3; 7 9 8].
        let first = [
            StoredTensor(name: "blocks.0.att.key.init_lora_A", shape: [1, 3], floats: [1, 1, 1] as [Float]),
            StoredTensor(name: "blocks.0.att.key.init_lora_B", shape: [2, 1], floats: [1, 1] as [Float]),
        ]
        let expected: [Float] = [1, 3, 2, 6, 8, 7]
        #expect(try merge([Self.a, Self.b], first: first).tensors[0].floats() == expected)
        #expect(try merge([Self.a, Self.b] + first).tensors[0].floats() == expected)
        #expect(throws: CheckpointError.loraAlphaWithPiSSA) { try merge([Self.a, Self.b], alpha: 2, first: first) }
        #expect(throws: CheckpointError.notAnAdapter(needed: .firstFactors, found: .lora)) {
            try merge([Self.a, Self.b], first: [Self.a, Self.b])
        }
        #expect(throws: CheckpointError.notAnAdapter(needed: .lora, found: .firstFactors)) { try merge(first) }
        let stranger = first.map { $0.renamed($0.name.replacing("key", with: "value")) }
        #expect(throws: CheckpointError.loraFactorMissing(name: "blocks.0.att.value.lora_A")) {
            try merge([Self.a, Self.b], first: stranger)
        }
    }

    @Test("may come with whole tensors, which replace the model's, and with a state")
    func whole() throws {
        let norm = counting("blocks.0.ln1.weight", [3], from: 7)
        let state = counting("blocks.0.att.time_state", [1, 2, 2])
        let merged = try merge([Self.a, norm, Self.b, state])
        #expect(merged["blocks.0.ln1.weight"]?.floats() == [7, 8, 9])
        #expect(merged["blocks.0.att.time_state"]?.floats() == [0, 1, 2, 3])
        #expect(throws: CheckpointError.loraShapeMismatch(name: norm.name, needed: [1, 1, 3], found: [2])) {
            try merge([Self.a, Self.b, counting(norm.name, [2])])
        }
        #expect(throws: CheckpointError.loraTensorUnknown(name: "blocks.0.ln3.weight")) {
            try merge([Self.a, Self.b, counting("blocks.0.ln3.weight", [2])])
        }
    }

    @Test("that do not fit are refused")
    func misfits() throws {
        #expect(throws: CheckpointError.loraFactorMissing(name: "blocks.0.att.key.lora_B")) { try merge([Self.a]) }
        #expect(throws: CheckpointError.loraFactorMissing(name: "blocks.0.att.key.lora_A")) { try merge([Self.b]) }
        let wide = counting(Self.b.name, [2, 3])
        #expect(throws: CheckpointError.loraFactorsMismatch(name: "blocks.0.att.key", a: [2, 3], b: [2, 3])) {
            try merge([Self.a, wide])
        }
        #expect(throws: CheckpointError.loraFactorsMismatch(name: "blocks.0.att.key", a: [0, 3], b: [2, 0])) {
            try merge([counting(Self.a.name, [0, 3]), counting(Self.b.name, [2, 0])])
        }
        let tall = counting(Self.b.name, [4, 2])
        #expect(
            throws: CheckpointError.loraShapeMismatch(name: "blocks.0.att.key.weight", needed: [2, 3], found: [4, 3])
        ) { try merge([Self.a, tall]) }
        let unknown = [Self.a, Self.b].map { $0.renamed($0.name.replacing("key", with: "query")) }
        #expect(throws: CheckpointError.loraMatrixUnknown(name: "blocks.0.att.query")) { try merge(unknown) }
        let integers = StoredTensor(name: Self.a.name, shape: [2, 3], type: .u8, storage: Storage(byteCount: 6))
        #expect(throws: CheckpointError.unsupportedType(name: Self.a.name, type: "U8")) {
            try merge([integers, Self.b])
        }
        #expect(throws: CheckpointError.self) { try merge([Self.a, Self.b], alpha: .infinity) }
        #expect(throws: CheckpointError.notAnAdapter(needed: .lora, found: .model)) {
            try merge([counting("emb.weight", [2, 2])])
        }
        #expect(throws: CheckpointError.notAnAdapter(needed: .lora, found: .otherAdapter)) {
            try merge([counting("blocks.0.att.key.bone", [2, 2])])
        }
    }
}
