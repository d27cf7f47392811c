public import LanguageModels
internal import Tensors

/// A small model over bytes with weights of order one, so that what it writes depends on all that it has read.
public func randomByteModel(
    _ architecture: String = "rwkv7", layers: Int = 2, width: Int = 16, seed: UInt64 = 1
) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: architecture, layerCount: layers, width: width, vocabularySize: 256)
    // Some architectures have no heads, and some no other width than their own.
    let usual = ModelConfiguration(architecture: architecture, layerCount: 1, width: 2048, vocabularySize: 1)
    if usual.headSize < 2048 { configuration.headSize = 8 }
    if usual.hiddenWidth != 2048 { configuration.hiddenWidth = 24 }
    configuration.ranks = configuration.ranks.mapValues { _ in 4 }
    let model = try LanguageModel(initializing: configuration, seed: seed)
    var random = RandomNumbers(seed: seed, stream: 7)
    for parameter in model.parameters {
        guard let values = parameter.mutableFloats else { continue }
        for i in values.indices { values[i] = random.uniform(in: -1...1) }
    }
    return model
}
