import LanguageModels
import Tensors

/// A small model of an architecture with weights of order one, so that no term of a formula is too small to matter.
func tinyModel(
    _ architecture: String, layers: Int = 2, width: Int = 8, hidden: Int = 12, vocabulary: Int = 11, headSize: Int = 4,
    rank: Int = 3, groupNormEpsilon: Float? = nil, seed: UInt64 = 1
) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: architecture, layerCount: layers, width: width, vocabularySize: vocabulary)
    // An architecture without heads has as many channels per head as there are, and one without a channel mix no other
    // width than its own.
    let usual = ModelConfiguration(architecture: architecture, layerCount: 1, width: 2048, vocabularySize: 1)
    if usual.headSize < 2048 { configuration.headSize = headSize }
    if usual.hiddenWidth != 2048 { configuration.hiddenWidth = hidden }
    configuration.ranks = configuration.ranks.mapValues { _ in rank }
    if let groupNormEpsilon { configuration.groupNormEpsilon = groupNormEpsilon }
    let model = try LanguageModel(initializing: configuration, seed: seed)
    var random = RandomNumbers(seed: seed, stream: 99)
    for parameter in model.parameters {
        guard let values = parameter.mutableFloats else { continue }
        // A recurrent matrix of larger numbers makes chaos, in which rounding decides everything after a few tokens.
        let bound = parameter.name.hasSuffix("weight_hh") ? 1.5 / Float(width).squareRoot() : 1
        for i in values.indices { values[i] = random.uniform(in: -bound...bound) }
    }
    return model
}

/// Repeatable tokens below `bound`.
func someTokens(_ count: Int, below bound: Int = 11, seed: UInt64 = 7) -> [Int32] {
    var random = RandomNumbers(seed: seed)
    return (0..<count).map { _ in Int32(random.below(bound)) }
}

/// The logits of every token, fed in pieces of `chunk`, and the state after them.
func feed(
    _ model: LanguageModel, _ tokens: [Int32], chunk: Int? = nil, from state: ModelState? = nil, on workspace: Workspace
) throws -> (logits: [Float], state: ModelState) {
    let tape = Tape(on: workspace)
    var state = state ?? model.initialState()
    var logits: [Float] = []
    for start in stride(from: 0, to: tokens.count, by: chunk ?? tokens.count) {
        let part = Array(tokens[start..<min(tokens.count, start + (chunk ?? tokens.count))])
        logits += try model(part, state: &state, wanted: .all, on: tape).values
    }
    return (logits, state)
}

/// A state's numbers, bit for bit.
func numbers(_ state: ModelState) -> [[Float]] { state.tensors().map { $0.floats() ?? [] } }
