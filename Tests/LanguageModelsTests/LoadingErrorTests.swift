import LanguageModels
import Tensors
import Testing

@Suite("A checkpoint that is not a whole model is refused with the reason")
struct LoadingErrorTests {
    private let tensors: [StoredTensor]

    init() throws { tensors = try tinyModel("rwkv4").tensors() }

    private func load(_ tensors: [StoredTensor]) throws {
        _ = try LanguageModel(loading: TensorsInMemory(tensors: tensors))
    }

    private func replacing(_ name: String, _ make: (StoredTensor) -> StoredTensor?) -> [StoredTensor] {
        tensors.compactMap { $0.name == name ? make($0) : $0 }
    }

    @Test("Any one tensor missing", arguments: 0..<42)
    func missing(index: Int) throws {
        #expect(tensors.count == 42)
        var fewer = tensors
        let gone = fewer.remove(at: index)
        do {
            try load(fewer)
            Issue.record("loaded without \(gone.name)")
        } catch ParameterError.missingTensor(let name) {
            #expect(name == gone.name)
        } catch ModelError.notALanguageModel(_, let missing) {
            #expect(missing == gone.name)
        } catch ModelError.unrecognizedTensors {
            // Without it nothing says which architecture this is.
            #expect(gone.name == "blocks.0.att.time_first")
        }
    }

    @Test("A tensor that the model does not have")
    func unknown() {
        let extra = StoredTensor(name: "blocks.0.att.extra", shape: [1], floats: [1])
        #expect(throws: ParameterError.unknownTensors(names: ["blocks.0.att.extra"])) { try load(tensors + [extra]) }
    }

    @Test("A tensor of another shape")
    func shape() {
        let name = "blocks.1.att.key.weight"
        let changed = replacing(name) { StoredTensor(name: $0.name, shape: [4, 16], floats: $0.floats() ?? []) }
        #expect(throws: ParameterError.shapeMismatch(name: name, expected: [8, 8], found: [4, 16])) {
            try load(changed)
        }
    }

    @Test("Whole numbers for weights")
    func wrongType() {
        let name = "ln_out.weight"
        let changed = replacing(name) {
            StoredTensor(name: $0.name, shape: $0.shape, type: .i32, storage: Storage(byteCount: 32))
        }
        #expect(throws: ParameterError.wrongType(name: name, found: .i32)) { try load(changed) }
    }

    @Test("An embedding that is no matrix")
    func noMatrix() {
        let changed = replacing("emb.weight") { StoredTensor(name: $0.name, shape: [88], floats: $0.floats() ?? []) }
        #expect(throws: ModelError.self) { try load(changed) }
    }

    @Test("A layer number beyond all reason, which must not make it try")
    func hugeLayer() {
        let extra = StoredTensor(name: "blocks.4611686018427387903.x", shape: [1], floats: [1])
        #expect(throws: ModelError.self) { try load(tensors + [extra]) }
    }

    @Test("No tensors of a language model at all")
    func nothing() {
        let other = StoredTensor(name: "conv1.weight", shape: [1], floats: [1])
        #expect(throws: ModelError.notALanguageModel(tensorCount: 1, missing: "emb.weight")) { try load([other]) }
    }

    @Test("Tokens outside the vocabulary and empty chunks are refused and leave the state alone", arguments: [-1, 11])
    func tokens(token: Int32) throws {
        let model = try tinyModel("rwkv4")
        let tape = Tape(on: Workspace(threadCount: 1))
        var state = try feed(model, [1, 2], on: tape.workspace).state
        let before = numbers(state)
        #expect(throws: ModelError.tokenOutOfRange(token: token, position: 1, vocabularySize: 11)) {
            _ = try model([3, token], state: &state, on: tape)
        }
        #expect(throws: ModelError.noTokens) { _ = try model([], state: &state, on: tape) }
        #expect(numbers(state) == before)
    }

    @Test("A state of another model is refused")
    func wrongState() throws {
        let model = try tinyModel("rwkv4")
        let other = try tinyModel("rwkv4", width: 16).initialState().tensors()
        #expect(throws: ModelError.stateMismatch(slot: "state.0", expected: [8], found: [16])) {
            _ = try model.state(loading: other)
        }
        let short = Array(model.initialState().tensors().dropLast())
        #expect(throws: ModelError.stateMismatch(slot: "state.9", expected: [8], found: nil)) {
            _ = try model.state(loading: short)
        }
    }
}
