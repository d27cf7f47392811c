import Foundation
import LanguageModels
import Tensors
import Tokenizers
import TrainingData

/// A small RWKV-7 over bytes with weights of order one, so that its predictions differ from place to place.
func byteModel(seed: UInt64 = 1) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: "rwkv7", layerCount: 2, width: 16, hiddenWidth: 24, vocabularySize: 256)
    configuration.headSize = 8
    configuration.ranks = configuration.ranks.mapValues { _ in 4 }
    let model = try LanguageModel(initializing: configuration, seed: seed)
    var random = RandomNumbers(seed: seed, stream: 7)
    for parameter in model.parameters {
        guard let values = parameter.mutableFloats else { continue }
        for i in values.indices { values[i] = random.uniform(in: -1...1) }
    }
    return model
}

/// The logits after each of the tokens, read one at a time from the model's first state: the slow and plain way.
func plainLogits(_ model: LanguageModel, _ tokens: [Int32]) throws -> [[Double]] {
    let tape = Tape(on: Workspace(threadCount: 1))
    var state = model.initialState()
    return try tokens.map { try model([$0], state: &state, on: tape).values.map(Double.init) }
}

/// log softmax(logits)[token], in double precision.
func logProbability(_ logits: [Double], of token: Int32) -> Double {
    let greatest = logits.max() ?? 0
    return logits[Int(token)] - greatest - log(logits.reduce(0) { $0 + exp($1 - greatest) })
}

/// −log p of each of `targets`, the last of which follows the last input.
func plainNats(_ model: LanguageModel, inputs: [Int32], targets: [Int32]) throws -> [Double] {
    let logits = try plainLogits(model, inputs).suffix(targets.count)
    return zip(logits, targets).map { -logProbability($0, of: $1) }
}

/// The lines of a text in memory.
func jsonLines(_ text: String, lineLimit: Int = JSONLineReader.lineLimit) -> JSONLineReader {
    JSONLineReader(Storage(copying: Array(text.utf8)), path: "a.jsonl", lineLimit: lineLimit)
}

func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 2e-5) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(a), abs(b))
}
