public import LanguageModels
public import Tensors

/// What a model computes while it reads a text one token after the other, as its own layers give it.
///
/// The values are the bits of a run over the whole text, since it is a law of the models that cutting a text changes
/// nothing. Nothing is computed here a second time.
public struct ForwardTrace {
    public let model: LanguageModel
    public let tokens: [Int32]
    /// The logits after every token, `[T, V]`.
    public let logits: Matrix
    /// The slots of one layer's state after every token, by the slots' names.
    public let states: [[String: [Float]]]

    private let values: [Key: Matrix]

    private struct Key: Hashable {
        let activation: Activation
        let layer: Int
    }

    /// Reads `tokens` from the first state.
    /// - Parameter stateLayer: The layer whose state is kept after every token.
    /// - Throws: `ModelError` for a token outside the vocabulary.
    /// - Complexity: That of generating as many tokens; memory for all activations.
    public init(
        _ model: LanguageModel, _ tokens: [Int32], stateLayer: Int, on workspace: Workspace
    ) throws(ModelError) {
        self.model = model
        self.tokens = tokens
        let tape = Tape(on: workspace)
        let layersSlots = Self.slots(of: model, layer: stateLayer)
        var state = model.initialState()
        var values: [Key: Matrix] = [:]
        var logits: [[Float]] = []
        var states: [[String: [Float]]] = []
        for token in tokens {
            var seen: [Key: [Float]] = [:]
            let found = try model(
                [token], state: &state,
                observer: { seen[Key(activation: $0, layer: $1)] = Array($2.values) }, on: tape)
            for (key, row) in seen { values[key, default: Matrix()].rows.append(row) }
            logits.append(Array(found.values))
            let slots = state.tensors()
            states.append(
                Dictionary(uniqueKeysWithValues: layersSlots.map { ($0.name, slots[$0.index].floats() ?? []) }))
        }
        self.values = values
        self.logits = Matrix(logits)
        self.states = states
    }

    /// The values of one layer, a row for each token; `nil` where the architecture has no such thing.
    public func callAsFunction(_ activation: Activation, _ layer: Int) -> Matrix? {
        values[Key(activation: activation, layer: layer)]
    }

    /// What would be predicted after each token if the model ended behind this layer, `[T, V]`.
    public func logits(behind layer: Int, on workspace: Workspace) -> Matrix {
        guard let rows = self(.output, layer)?.rows, let width = rows.first?.count else { return Matrix() }
        let x = Tensor([rows.count, width], in: workspace.buffers)
        _ = x.mutableValues.update(fromContentsOf: rows.joined())
        let y = model.logits(ofResidual: x, on: Tape(on: workspace))
        return Matrix((0..<rows.count).map { Array(y.values(ofRow: $0)) })
    }

    /// The layer's slots of constant size, with their places in a state.
    private static func slots(of model: LanguageModel, layer: Int) -> [(name: String, index: Int)] {
        // Every layer has the same slots.
        let slots = model.stateLayout.slots
        let count = slots.count / max(1, model.configuration.layerCount)
        return (layer * count..<(layer + 1) * count).filter { slots[$0].growth == nil }.map { (slots[$0].name, $0) }
    }
}
