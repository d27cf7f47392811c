import Explanation
import LanguageModels
import Tensors
import TestSupport

let recurrentNames: Set = ["rnn", "lstm"]
let allNames = architectures.map { $0.name }
let rwkvNames = allNames.filter { $0.hasPrefix("rwkv") }
let someTokens: [Int32] = [72, 101, 32, 115, 97, 119, 32, 97, 32, 99, 97, 116]

/// A trace of a small random model over a few tokens.
func someTrace(_ architecture: String, stateLayer: Int = 1) throws -> ForwardTrace {
    try ForwardTrace(
        randomByteModel(architecture), someTokens, stateLayer: stateLayer, on: Workspace(threadCount: 1))
}

func explain(
    _ model: LanguageModel, _ tokens: [Int32] = someTokens, layer: Int? = nil, head: Int? = nil, position: Int? = nil
) throws -> Explanation {
    try Explainer.explain(
        model, tokens, layer: layer, head: head, position: position, on: Workspace(threadCount: 1),
        label: { TokenLabel.text([UInt8($0)]) })
}

/// The largest difference, as a part of the largest size of `b`.
func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let largest = b.map(abs).max() ?? 0
    return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / max(largest, 1e-30)
}
