import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite("A tuned state")
struct TunedStateTests {
    /// Two layers of two heads of three channels; the names that say which version it is.
    private static func model(_ mark: String) -> TensorList {
        TensorList(
            tensors: [
                counting("emb.weight", [2, 6]), counting("blocks.0.att.ln_x.weight", [6]), counting(mark, [2, 3]),
            ]
                + (0..<2).map { counting("blocks.\($0).ln1.weight", [6]) })
    }
    private static let v6 = model("blocks.0.att.time_faaaa")
    private static let v7 = model("blocks.0.att.r_k")
    private static let state = (0..<2).map { counting("blocks.\($0).att.time_state", [2, 3, 3], from: 100 * $0) }

    @Test("is transposed head by head for RWKV-5 and 6, which keep keys first")
    func keyFirst() throws {
        let slots = try TunedState(Self.state).slots(for: Self.v6)
        #expect(slots.map(\.name) == (0..<6).map { "state.\($0)" })
        // By hand: 0 1 2 / 3 4 5 / 6 7 8 and 9 … 17, rows and columns exchanged.
        #expect(slots[1].floats() == [0, 3, 6, 1, 4, 7, 2, 5, 8, 9, 12, 15, 10, 13, 16, 11, 14, 17])
        #expect(slots[0].floats() == [0, 0, 0, 0, 0, 0] && slots[5].shape == [6])
        #expect(slots[4].floats()?.first == 100)
    }

    @Test("is taken as it is for RWKV-7, which keeps values first")
    func valueFirst() throws {
        let slots = try TunedState(Self.state.reversed()).slots(for: Self.v7)
        #expect(slots[1].contents == Self.state[0].contents && slots[4].contents == Self.state[1].contents)
    }

    @Test("of another model, or damaged, is refused")
    func misfits() throws {
        #expect(throws: CheckpointError.tunedStateMissing(name: "blocks.0.att.time_state")) {
            try TunedState([Self.state[1]])
        }
        #expect(throws: CheckpointError.tunedStateForOtherModel(what: "layers", needed: 2, found: 1)) {
            try TunedState([Self.state[0]]).slots(for: Self.v7)
        }
        let small = (0..<2).map { counting("blocks.\($0).att.time_state", [1, 3, 3]) }
        #expect(throws: CheckpointError.tunedStateForOtherModel(what: "channels", needed: 6, found: 3)) {
            try TunedState(small).slots(for: Self.v7)
        }
        #expect(throws: CheckpointError.modelWithoutMatrixState) {
            try TunedState(Self.state).slots(for: TensorList(tensors: [counting("blocks.0.ln1.weight", [6])]))
        }
        let oblong = counting("blocks.0.att.time_state", [2, 3, 4])
        #expect(
            throws: CheckpointError.tunedStateShapeMismatch(name: oblong.name, needed: "[H, N, N]", found: [2, 3, 4])
        ) {
            try TunedState([oblong])
        }
        #expect(
            throws: CheckpointError.tunedStateShapeMismatch(
                name: "blocks.1.att.time_state", needed: "[2, 3, 3], as in layer 0", found: [3, 2, 2])
        ) { try TunedState([Self.state[0], counting("blocks.1.att.time_state", [3, 2, 2])]) }
        #expect(throws: CheckpointError.notAnAdapter(needed: .tunedState, found: .lora)) {
            try TunedState([counting("blocks.0.att.key.lora_A", [2, 2])])
        }
    }
}

@Suite("A model with adapters")
struct AdaptedCheckpointTests {
    private let folder: TemporaryFolder
    private let model: String
    private let state: String
    private let lora: String

    init() throws {
        folder = try TemporaryFolder()
        let tensors = [
            counting("emb.weight", [2, 4]), counting("blocks.0.att.ln_x.weight", [4]),
            counting("blocks.0.ln1.weight", [4]),
            counting("blocks.0.att.r_k", [2, 2]), counting("blocks.0.att.key.weight", [4, 4]),
        ]
        let matrices = counting("blocks.0.att.time_state", [2, 2, 2], from: 1)
        model = try folder.safetensors("model.safetensors", tensors)
        _ = try folder.safetensors("both.safetensors", tensors + [counting(matrices.name, [2, 2, 2], from: 50)])
        state = try folder.safetensors("state.safetensors", [matrices])
        lora = try folder.safetensors(
            "lora.safetensors",
            [counting("blocks.0.att.key.lora_A", [1, 4]), counting("blocks.0.att.key.lora_B", [4, 1])])
    }

    @Test("has the state of its own file, unless it is given another one")
    func states() throws {
        #expect(try AdaptedCheckpoint(path: model).initialState.isEmpty)
        let own = try AdaptedCheckpoint(path: folder.file("both.safetensors"))
        #expect(own.initialState.map(\.name) == ["state.0", "state.1", "state.2"])
        #expect(own.initialState[1].floats()?.first == 50)
        #expect(!own.names.contains("blocks.0.att.time_state"))
        let given = try AdaptedCheckpoint(path: folder.file("both.safetensors"), adapters: [.state(path: state)])
        #expect(given.initialState[1].floats()?.first == 1)
        let saved = try folder.safetensors("saved.safetensors", [counting("state.0", [3])])
        #expect(
            try AdaptedCheckpoint(path: model, adapters: [.state(path: saved)]).initialState[0].floats() == [0, 1, 2])
        #expect(try !StateFile(path: saved).isTuned)
        #expect(try StateFile(path: state).isTuned)
    }

    @Test("is changed by each of them in turn")
    func loras() throws {
        let before = try #require(try AdaptedCheckpoint(path: model)["blocks.0.att.key.weight"]?.floats())
        let after = try AdaptedCheckpoint(
            path: model, adapters: [.lora(path: lora, alpha: 1), .lora(path: lora, alpha: 2)])
        let product: [Float] = (0..<16).map { Float(($0 / 4) * ($0 % 4)) }
        #expect(after["blocks.0.att.key.weight"]?.floats() == zip(before, product).map { $0 + 3 * $1 })
    }

    @Test("is not to be confused with them")
    func kinds() throws {
        #expect(throws: CheckpointError.adapterInsteadOfModel(found: .lora)) { try AdaptedCheckpoint(path: lora) }
        #expect(throws: CheckpointError.adapterInsteadOfModel(found: .tunedState)) {
            try AdaptedCheckpoint(path: state)
        }
        let wrong = CheckpointError.inAdapter(path: model, defect: .notAnAdapter(needed: .lora, found: .model))
        #expect(throws: wrong) { try AdaptedCheckpoint(path: model, adapters: [.lora(path: model)]) }
        #expect("\(wrong)".contains(model))
        #expect(
            throws: CheckpointError.inAdapter(path: lora, defect: .notAnAdapter(needed: .tunedState, found: .lora))
        ) { try AdaptedCheckpoint(path: model, adapters: [.state(path: lora)]) }
        let nothing = folder.file("nothing")
        #expect(throws: CheckpointError.inAdapter(path: nothing, defect: .missingFile(path: nothing))) {
            try AdaptedCheckpoint(path: model, adapters: [.state(path: nothing)])
        }
    }
}
