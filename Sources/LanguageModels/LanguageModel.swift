public import Tensors

/// Predicts the next token of a text: embedding, blocks, final norm, head.
///
///     x = LN(emb[token]; ln0);  x = block(x) for each block;  logits = head · LN(x; ln_out)
///
/// Architectures other than RWKV leave out one norm or both; see `ModelFrame`.
///
/// Immutable while it generates, so that any number of streams can share it; each brings its own states and workspace.
public final class LanguageModel: Sendable {
    public let configuration: ModelConfiguration
    /// All weights, in order of declaration.
    public let parameters: [Parameter]
    /// What a state of this model holds.
    public let stateLayout: StateLayout

    /// What a training changes; `nil` if the model is only to run.
    public let tuning: Tuning?

    /// Whether the rows of a sequence are computed one after the other; see `Architecture.isSequential`.
    public let isSequential: Bool

    private let firstState: ModelState
    private let learntStates: [(state: LearntState, offset: Int)]
    private let embedding: Parameter
    private let firstNorm: PreNorm?
    let blocks: [any Block]
    private let lastNorm: PreNorm?
    private let head: Parameter

    /// A model with the weights of a checkpoint, whose names and shapes say what it is.
    /// - Parameters:
    ///   - initialState: The state before the first token as tensors `state.j`; the architecture's own if empty.
    ///   - tuning: What a training is to change; `nil` if the model is only to run. A source may then also hold what such a
    ///     training has learnt.
    /// - Throws: `ModelError` if the tensors are no known model's; `ParameterError` for what is wrong with one of them.
    public convenience init(
        loading source: some TensorSource, initialState: [StoredTensor] = [], training tuning: Tuning? = nil
    ) throws {
        let catalogue = TensorCatalogue(source)
        _ = try catalogue.matrix("emb.weight")
        guard let architecture = architectures.first(where: { $0.recognizes(catalogue) }) else {
            throw ModelError.unrecognizedTensors(examples: catalogue.examples)
        }
        let configuration = try architecture.configuration(from: catalogue)
        // Every layer has several tensors, so a file that claims more layers than tensors is broken, not large.
        guard configuration.layerCount <= catalogue.count else {
            throw ModelError.invalidSize(
                what: "number of layers", found: configuration.layerCount, needed: "at most \(catalogue.count)")
        }
        try self.init(
            configuration, ParameterStore(loading: source, training: tuning), tuning, learningRate: 0,
            initialState: initialState)
    }

    /// A fresh model with the official initial weights.
    /// - Parameters:
    ///   - seed: The same seed gives the same weights.
    ///   - learningRate: The first one of the training to come, on which RWKV-4's first embedding depends.
    public convenience init(
        initializing configuration: ModelConfiguration, seed: UInt64, learningRate: Float = 6e-4
    ) throws {
        try self.init(configuration, ParameterStore(seed: seed), .full, learningRate: learningRate)
    }

    /// A model of given sizes whose weights are whatever `drawing` makes of their names, shapes and roles.
    public convenience init(
        _ configuration: ModelConfiguration,
        drawing: @escaping (_ name: String, _ shape: Shape, _ role: ParameterRole) -> StoredTensor
    ) throws {
        try self.init(configuration, ParameterStore(drawing: drawing), nil, learningRate: 0)
    }

    private init(
        _ given: ModelConfiguration, _ store: ParameterStore, _ tuning: Tuning?, learningRate: Float,
        initialState: [StoredTensor] = []
    ) throws {
        let architecture = try LanguageModels.architecture(named: given.architecture)
        var c = given
        c.architecture = architecture.name
        try c.validate()
        try architecture.validate(c)
        let root = ParameterScope(store)
        let frame = architecture.frame(c, learningRate: learningRate)
        embedding = try root.embedding("emb.weight", c.vocabularySize, c.width, initially: frame.embedding)
        firstNorm = frame.normsEmbedding ? try PreNorm(c.width, root.scope("blocks.0.ln0")) : nil
        var blocks: [any Block] = []
        for layer in 0..<c.layerCount {
            blocks.append(try architecture.makeBlock(layer: layer, c, root.scope("blocks.\(layer)")))
        }
        self.blocks = blocks
        lastNorm = frame.normsOutput ? try PreNorm(c.width, root.scope("ln_out")) : nil
        head = try root.matrix("head.weight", c.vocabularySize, c.width, initially: frame.head)
        try store.finish()
        configuration = c
        parameters = store.parameters
        stateLayout = StateLayout(blocks)
        var state = ModelState(stateLayout)
        if !initialState.isEmpty { try state.load(initialState) }
        self.tuning = tuning
        isSequential = architecture.isSequential
        learntStates = zip(blocks, stateLayout.layers).compactMap { [stateLayout] block, slots in
            block.learntState.map { ($0, stateLayout.offsets[slots.lowerBound + $0.slot]) }
        }
        if !initialState.isEmpty {
            let floats = state.mutableFloats()
            for (learnt, offset) in learntStates { learnt.take(from: floats + offset) }
        }
        firstState = state
        try checkTuning()
    }

    /// Throws if the tuning would change nothing, or names what is not there.
    private func checkTuning() throws(ModelError) {
        guard let tuning else { return }
        if tuning.method == .state, learntStates.isEmpty {
            throw .noStateToTune(architecture: configuration.architecture)
        }
        let named = tuning.frozen + tuning.alsoTrained + (tuning.method == .lora ? tuning.lora.targets : [])
        for pattern in named where !parameters.contains(where: { pattern.matches($0.name) }) {
            throw .noSuchWeights(pattern: pattern.description, examples: Array(parameters.prefix(3).map(\.name)))
        }
        if !parameters.contains(where: \.isTrained) { throw .nothingToTrain }
    }

    /// The number of the model's own weights.
    public var parameterCount: Int { parameters.reduce(0) { $0 + ($1.role == .adapter ? 0 : $1.count) } }

    /// The model's own weights as tensors to be saved, under their official names.
    public func tensors() -> [StoredTensor] { parameters.filter { $0.role != .adapter }.map(\.value) }

    /// The state before the first token: the architecture's own, the one that the model was loaded with, or what has been
    /// learnt of it so far.
    public func initialState() -> ModelState {
        if learntStates.isEmpty { return firstState }
        var state = firstState
        let floats = state.mutableFloats()
        for (learnt, offset) in learntStates { learnt.copy(to: floats + offset) }
        return state
    }

    /// A state from saved tensors `state.j`.
    /// - Throws: `ModelError` if they are not this model's.
    public func state(loading tensors: [StoredTensor]) throws(ModelError) -> ModelState {
        var state = initialState()
        try state.load(tensors)
        return state
    }

    /// Moves every chunk's state past its tokens and gives the logits that the chunks ask for.
    ///
    /// The rows of all chunks go through the model together. The logits of a chunk are the same bits whatever its
    /// neighbours are and however its sequence is cut into chunks.
    /// - Returns: `[wanted rows, V]`: the rows that the chunks want, in order.
    /// - Throws: `ModelError` for an empty chunk or a token outside the vocabulary; the states are then unchanged.
    /// - Complexity: O(rows) for a given model; memory for activations is O(rows).
    public func callAsFunction(_ chunks: inout [SequenceChunk], on tape: Tape) throws(ModelError) -> Tensor {
        logits(ofNormed: try outputs(&chunks, on: tape), on: tape)
    }

    /// The mean over the wanted rows of −log probability of their targets, in nats, as `Tape.crossEntropy` has it.
    ///
    /// The logits of a few rows at a time are made, and gone back through when recording: those of a whole step are the
    /// largest tensor of a training.
    /// - Parameters:
    ///   - targets: One per wanted row; `Tape.ignoredTarget` where it does not count.
    ///   - tokenCount: What the sum is divided by; the number of targets that count, or that of the whole step if this is a part of it.
    public func loss(
        _ chunks: inout [SequenceChunk], targets: [Int32], l2Wrap: Float = 0, tokenCount: Int? = nil, on tape: Tape
    ) throws(ModelError) -> Double {
        let x = try outputs(&chunks, on: tape)
        return tape.headLoss(x, head, targets, l2Wrap: l2Wrap, tokenCount: tokenCount ?? Tape.counted(targets))
    }

    /// How far the loss of a text's last prediction reaches back: ‖∂ −log p(target) / ∂ embedding[t]‖₂ of every token t.
    ///
    /// In a network whose gradients vanish these numbers fall by a factor for each token further back.
    /// - Parameters:
    ///   - tokens: The text, read from the first state.
    ///   - target: The token that follows it.
    /// - Complexity: That of a training step on the text.
    public func gradientReach(
        _ tokens: [Int32], target: Int32, on workspace: Workspace
    ) throws(ModelError) -> [Double] {
        guard target >= 0, target < configuration.vocabularySize else {
            throw .tokenOutOfRange(
                token: target, position: tokens.count, vocabularySize: configuration.vocabularySize)
        }
        let tape = Tape(on: workspace, gradients: Gradients(parameters, in: workspace.buffers))
        var chunks = [SequenceChunk(tokens: tokens, state: initialState(), wanted: .last)]
        var embedded: Tensor?
        let x = try outputs(&chunks, observer: { if $0 == .embedding { embedded = $2 } }, on: tape)
        let logits = self.logits(ofNormed: x, on: tape)
        _ = tape.crossEntropy(logits, [target])
        tape.backward()
        guard let embedded, let gradient = embedded.gradient else { return tokens.map { _ in 0 } }
        return tokens.indices.map { row in
            gradient.values(ofRow: row).reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        }
    }

    /// What the head is given: the normed outputs of the last block, of the wanted rows.
    func outputs(
        _ chunks: inout [SequenceChunk], observer: ActivationObserver? = nil, on tape: Tape
    ) throws(ModelError) -> Tensor {
        for chunk in chunks { try validate(chunk) }
        let tokens = chunks.flatMap(\.tokens)
        let layout = SequenceLayout(lengths: chunks.map(\.tokens.count))
        let states = chunks.indices.map { chunks[$0].state.mutableFloats() }
        let caches =
            stateLayout.grows ? chunks.indices.map { chunks[$0].state.extendCache(by: chunks[$0].tokens.count) } : []

        var x = tape.embedding(tokens, embedding)
        observer?(.embedding, 0, x)
        if let firstNorm { x = firstNorm(x, on: tape) }
        let context = ForwardContext(
            tokens: tokens, layout: layout, embedded: x, states: states, caches: caches, observer: observer)
        for (layer, block) in blocks.enumerated() {
            let own = context.forLayer(
                layer, stateLayout.offsets(ofLayer: layer), fixed: stateLayout.fixed(ofLayer: layer))
            own.observe(.input, x)
            x =
                tape.isRecording && tape.recomputesBlocks
                ? own.recomputing(block, x, on: tape) : block(x, own, on: tape)
            own.observe(.output, x)
        }
        let wanted = zip(chunks, layout.runs).flatMap { chunk, run in chunk.wanted.rows(of: run) }
        // The head is half the bytes of a small model: it sees only the rows that are asked for.
        if wanted.count < layout.rows { x = tape.rows(wanted, of: x) }
        return normed(x, on: tape)
    }

    /// The residual stream as the head is given it.
    func normed(_ x: Tensor, on tape: Tape) -> Tensor { lastNorm.map { $0(x, on: tape) } ?? x }

    /// The head: logits of what `outputs` gives.
    func logits(ofNormed x: Tensor, on tape: Tape) -> Tensor { tape.linear(x, head) }

    /// Moves one sequence's state past `tokens` and gives its logits; see the call over chunks.
    public func callAsFunction(
        _ tokens: [Int32], state: inout ModelState, wanted: SequenceChunk.Wanted = .last, on tape: Tape
    ) throws(ModelError) -> Tensor {
        var chunks = [SequenceChunk(tokens: tokens, state: state, wanted: wanted)]
        // The chunk must be the only owner of the state, or moving it on would copy it.
        state = .lent
        defer { state = chunks[0].state }
        return try self(&chunks, on: tape)
    }

    private func validate(_ chunk: SequenceChunk) throws(ModelError) {
        if chunk.tokens.isEmpty { throw .noTokens }
        for (position, token) in chunk.tokens.enumerated() where token < 0 || token >= configuration.vocabularySize {
            throw .tokenOutOfRange(
                token: token, position: position, vocabularySize: configuration.vocabularySize)
        }
        if case .places(let places) = chunk.wanted {
            precondition(
                zip(places, places.dropFirst()).allSatisfy(<) && places.first ?? 0 >= 0
                    && places.last ?? 0 < chunk.tokens.count, "wanted places ascend within the chunk")
        }
        precondition(chunk.state.layout == stateLayout, "the state is another model's")
    }
}

/// What one sequence brings to a forward call: its new tokens and what is remembered of the ones before.
public struct SequenceChunk: Sendable {
    public var tokens: [Int32]
    public var state: ModelState
    public var wanted: Wanted

    public init(tokens: [Int32], state: ModelState, wanted: Wanted = .last) {
        self.tokens = tokens
        self.state = state
        self.wanted = wanted
    }

    /// The rows whose logits are wanted.
    public enum Wanted: Sendable, Equatable {
        case none, last, all
        /// Those of the last so many tokens.
        case suffix(Int)
        /// Those of the chunk's tokens at these places, which ascend.
        case places([Int])

        func rows(of run: Range<Int>) -> [Int] {
            switch self {
            case .none: []
            case .last: [run.upperBound - 1]
            case .suffix(let count): Array(run.suffix(max(0, count)))
            case .all: Array(run)
            case .places(let places): places.map { run.lowerBound + $0 }
            }
        }
    }
}
