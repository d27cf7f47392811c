internal import Foundation
internal import RWKV

/// How official models begin: the tensors that chance has no part in, and the distribution of the others, for each version
/// in the folder.
struct InitializationCase: GoldenCase {
    private struct Description: Decodable {
        struct Random: Decodable {
            let std: Double
            let min: Double
            let max: Double
            let orthogonal: Bool?
            let singular_max: Double?
        }
        let version: String
        let n_layer: Int
        let n_embd: Int
        let vocab_size: Int
        let dim_ffn: Int
        let head_size: Int?
        let lr_init: Double
        let random_tensors: [String: Random]
        let order: [String]
    }

    private let folder: CaseFolder
    private let versions: [String]

    init?(_ folder: CaseFolder) {
        let suffix = "-deterministic.safetensors"
        versions = folder.files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
        if versions.isEmpty { return nil }
        self.folder = folder
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        var checks: [Verdict.Check] = []
        for version in versions {
            let description = try folder.json(version + ".json", Description.self)
            let model = try LanguageModel(
                initializing: ModelConfiguration(
                    architecture: "rwkv" + description.version, layerCount: description.n_layer,
                    width: description.n_embd, hiddenWidth: description.dim_ffn,
                    vocabularySize: description.vocab_size, headSize: description.head_size),
                seed: 1, learningRate: Float(description.lr_init))
            let names = Set(model.parameters.map(\.name)).symmetricDifference(description.order)
            checks.append(.init(what: "\(version): names that differ", difference: Double(names.count), tolerance: 0))
            checks.append(
                .init(what: "vectors", difference: try vectors(model, version), tolerance: 1e-6))
            checks.append(
                .init(
                    what: "deviations, relative,", difference: try deviations(model, description.random_tensors),
                    tolerance: 0.04))
        }
        return Verdict(checks: checks)
    }

    /// The largest difference of the tensors that chance has no part in.
    private func vectors(_ model: LanguageModel, _ version: String) throws -> Double {
        let expected = try folder.tensors(version + "-deterministic.safetensors")
        guard !expected.isEmpty else { return .infinity }
        return try expected.keys.map { name in
            guard let found = model.parameters.first(where: { $0.name == name }),
                found.shape.squeezed == expected[name]?.shape.squeezed
            else { return .infinity }
            return largestDifference(found.value.floats() ?? [], try expected.floats(name))
        }.max() ?? .infinity
    }

    /// The largest relative difference of the random tensors' standard deviations and, where they are uniform, bounds.
    private func deviations(_ model: LanguageModel, _ expected: [String: Description.Random]) throws -> Double {
        try expected.map { name, random in
            guard let values = model.parameters.first(where: { $0.name == name })?.value.floats() else {
                throw InputError(description: "the model has no “\(name)”")
            }
            let squares = values.reduce(0.0) { $0 + Double($1) * Double($1) }
            var worst = abs((squares / Double(values.count)).squareRoot() / random.std - 1)
            if random.orthogonal != true {
                worst = max(worst, abs(Double(values.max() ?? 0) / random.max - 1))
                worst = max(worst, abs(Double(values.min() ?? 0) / random.min - 1))
            }
            return worst
        }.max() ?? .infinity
    }
}
