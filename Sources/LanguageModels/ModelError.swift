public import Tensors

/// Why a model cannot be made or cannot go on.
public enum ModelError: Error, Equatable, Sendable {
    case unknownArchitecture(name: String, known: [String])
    case notALanguageModel(tensorCount: Int, missing: String)
    case unrecognizedTensors(examples: [String])
    case invalidSize(what: String, found: Int, needed: String)
    case tokenOutOfRange(token: Int32, position: Int, vocabularySize: Int)
    /// The file's `group_norm_epsilon` is no number above 0.
    case invalidEpsilon(found: String)
    case noTokens
    case stateMismatch(slot: String, expected: Shape, found: Shape?)
    case stateNotFloats(slot: String, found: DataType)
    case noStateToTune(architecture: String)
    case noSuchWeights(pattern: String, examples: [String])
    case nothingToTrain
}

extension ModelError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownArchitecture(let name, let known):
            "there is no architecture “\(name)”; there are \(known.joined(separator: ", "))"
        case .notALanguageModel(let tensorCount, let missing):
            "the file holds \(tensorCount) tensors but no “\(missing)”, so it is not an RWKV model"
        case .unrecognizedTensors(let examples):
            "no known architecture has tensors such as \(examples.map { "“\($0)”" }.joined(separator: ", "))"
        case .invalidSize(let what, let found, let needed):
            "the \(what) is \(found); it must be \(needed)"
        case .invalidEpsilon(let found): "group_norm_epsilon is “\(found)”; it must be a number above 0"
        case .tokenOutOfRange(let token, let position, let vocabularySize):
            "token \(token) at position \(position) is outside the model's vocabulary of \(vocabularySize)"
        case .noTokens:
            "there are no tokens to read"
        case .stateMismatch(let slot, let expected, let found):
            found.map { "“\(slot)” is \($0) in the saved state; this model needs \(expected)" }
                ?? "the saved state has no “\(slot)” \(expected), which this model needs"
        case .stateNotFloats(let slot, let found):
            "“\(slot)” holds \(found.rawValue) in the saved state; states are F32, BF16 or F16"
        case .noStateToTune(let architecture):
            "the state of \(architecture) cannot be tuned; RWKV-5, 6 and 7 have matrices that can"
        case .noSuchWeights(let pattern, let examples):
            "“\(pattern)” is in no weight’s name; they are called \(examples.map { "“\($0)”" }.joined(separator: ", ")), …"
        case .nothingToTrain:
            "all weights are frozen, so there is nothing to train"
        }
    }
}
