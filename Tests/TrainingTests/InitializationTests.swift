import Checkpoints
import Foundation
import LanguageModels
import Tensors
import TestSupport
import Testing

/// What `shared/fixtures/init/<version>.json` says of a freshly initialised official model.
private struct Description: Decodable {
    struct Random: Decodable {
        let shape: [Int]
        let std: Double
        let min: Double
        let max: Double
        let orthogonal: Bool?
        let singular_min: Double?
        let singular_max: Double?
    }
    let version: String
    let head_size: Int?
    let n_layer: Int
    let n_embd: Int
    let vocab_size: Int
    let dim_ffn: Int
    let lr_init: Double
    let constant_tensors: [String: [ConstantOrShape]]
    let random_tensors: [String: Random]
    let order: [String]
}

private enum ConstantOrShape: Decodable {
    case constant(Double)
    case shape([Int])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self = .constant(value)
        } else {
            self = .shape(try container.decode([Int].self))
        }
    }
}

/// A version's fixture, and a fresh model of its sizes.
private struct Subject {
    let description: Description
    let model: LanguageModel
    let deterministic: [StoredTensor]

    init(_ version: String) throws {
        let folder = sharedFolder + "/fixtures/init"
        let json = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(version).json"))
        description = try JSONDecoder().decode(Description.self, from: json)
        model = try LanguageModel(
            initializing: ModelConfiguration(
                architecture: "rwkv" + description.version, layerCount: description.n_layer,
                width: description.n_embd, hiddenWidth: description.dim_ffn, vocabularySize: description.vocab_size,
                headSize: description.head_size),
            seed: 5, learningRate: Float(description.lr_init))
        deterministic = try SafetensorsFile(path: "\(folder)/\(version)-deterministic.safetensors").tensors
    }

    func parameter(_ name: String) throws -> Parameter {
        try #require(model.parameters.first { $0.name == name }, "\(name)")
    }
}

private let versions = ["v4", "v5_2", "v6", "v7"]

@Suite(
    "A fresh model begins as the official code begins", .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
struct InitializationTests {
    @Test("with the same tensors", arguments: versions)
    func names(version: String) throws {
        let (model, description) = try { ($0.model, $0.description) }(Subject(version))
        #expect(Set(model.parameters.map(\.name)) == Set(description.order))
        #expect(model.parameters.count == description.order.count)
    }

    @Test("with the same vectors where chance has no part", arguments: versions)
    func deterministic(version: String) throws {
        let subject = try Subject(version)
        #expect(subject.deterministic.count >= 21)
        for tensor in subject.deterministic {
            let found = try subject.parameter(tensor.name)
            #expect(found.shape == tensor.shape, "\(tensor.name)")
            let values = try #require(found.value.floats())
            let reference = try #require(tensor.floats())
            let largest = zip(values, reference).map { abs($0 - $1) }.max() ?? .infinity
            // The fixture's own tolerance.
            #expect(largest <= 1e-6, "\(tensor.name)")
        }
    }

    @Test("with the same constants", arguments: versions)
    func constants(version: String) throws {
        let subject = try Subject(version)
        #expect(!subject.description.constant_tensors.isEmpty)
        for (name, parts) in subject.description.constant_tensors {
            guard case .constant(let value) = parts[0], case .shape(let shape) = parts[1] else {
                Issue.record("\(name) is not described as a constant and a shape")
                continue
            }
            let found = try subject.parameter(name)
            #expect(found.shape.extents == shape, "\(name)")
            #expect(found.value.floats()?.allSatisfy { $0 == Float(value) } == true, "\(name)")
        }
    }

    @Test("with random matrices of the same distribution", arguments: versions)
    func random(version: String) throws {
        let subject = try Subject(version)
        for (name, expected) in subject.description.random_tensors {
            let found = try subject.parameter(name)
            #expect(found.shape.extents == expected.shape, "\(name)")
            let values = try #require(found.value.floats()).map(Double.init)
            let std = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
            #expect(abs(std / expected.std - 1) < 0.03, "\(name): \(std) for \(expected.std)")
            if expected.orthogonal == true, let smallest = expected.singular_min, let gain = expected.singular_max {
                let (rows, columns) = (expected.shape[0], expected.shape[1])
                #expect(gramErrors(values, rows, columns, gain: gain) < 1e-4, "\(name)")
                #expect(abs(smallest - gain) < 1e-4, "\(name)")
            } else {
                #expect(abs((values.min() ?? 0) / expected.min - 1) < 0.01, "\(name)")
                #expect(abs((values.max() ?? 0) / expected.max - 1) < 0.01, "\(name)")
            }
        }
        #expect(subject.description.random_tensors.count >= 8)
    }

    /// The largest entry of Mᵀ·M / gain² − 1 over the smaller side, which is zero for an orthonormal matrix times `gain`.
    private func gramErrors(_ m: [Double], _ rows: Int, _ columns: Int, gain: Double) -> Double {
        let count = min(rows, columns)
        let length = max(rows, columns)
        func element(_ vector: Int, _ i: Int) -> Double {
            rows <= columns ? m[vector * columns + i] : m[i * columns + vector]
        }
        var worst = 0.0
        for a in stride(from: 0, to: count, by: 7) {
            for b in 0..<count {
                let dot = (0..<length).reduce(0.0) { $0 + element(a, $1) * element(b, $1) } / (gain * gain)
                worst = max(worst, abs(dot - (a == b ? 1 : 0)))
            }
        }
        return worst
    }

    @Test("with the same weights for one seed, and others for another")
    func seeds() throws {
        func weights(_ seed: UInt64) throws -> [[Float]] {
            try LanguageModel(initializing: Subject("v7").model.configuration, seed: seed).tensors().map {
                $0.floats() ?? []
            }
        }
        #expect(try weights(3) == weights(3))
        #expect(try weights(3) != weights(4))
    }
}
