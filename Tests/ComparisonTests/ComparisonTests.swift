import Comparison
import Foundation
import LanguageModels
import Tensors
import TestSupport
import Testing
import Training

private let clock: @Sendable () -> Double = { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

/// A folder that is removed when the test is over.
private final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("comparison-\(UUID().uuidString)").path
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func text(_ count: Int, seed: UInt64 = 1) -> [Int32] {
    var random = RandomNumbers(seed: seed)
    // Words of three letters that repeat: something to learn.
    return (0..<count / 3).flatMap { _ -> [Int32] in
        let word = Int32(random.below(9))
        return [40 + word, 60 + word * 2 % 9, 80]
    }
}

/// A comparison that takes moments.
private func tinyPlan(_ architectures: [String]) -> ComparisonPlan {
    var plan = ComparisonPlan.quick(architectures: architectures, vocabularySize: 100)
    plan.parameterCount = 30_000
    plan.layerCount = 1
    plan.contextLength = 32
    plan.batchSize = 4
    plan.budget = .tokens(4 * 32 * 12)
    plan.generationLengths = [16, 128, 200]
    plan.longestGrowing = 150
    plan.trainingLengths = [32, 64, 128]
    plan.windowCount = 2
    plan.recall.sizes = [2]
    plan.recall.widths = [16]
    plan.recall.stepCount = 3
    return plan
}

private func comparison(_ plan: ComparisonPlan, in path: String, text learnt: [Int32] = text(3000)) throws -> Comparison
{
    try Comparison(
        plan, tokens: learnt, valid: text(600, seed: 2), validByteCount: 600, in: RunFolder(path: path),
        on: Workspace(threadCount: 1), clock: clock)
}

@Suite("Comparing architectures")
struct ComparisonTests {
    @Test("fills every part for every architecture, and writes one page and JSON")
    func whole() throws {
        let folder = Folder()
        let names = ["rnn", "lstm", "transformer", "rwkv7"]
        var plan = tinyPlan(names)
        plan.recall.seedCount = 2
        let compared = try comparison(plan, in: folder.path)
        #expect(try compared.run { _ in true })
        #expect(compared.results.models.map(\.name) == names)
        for model in compared.results.models {
            let training = try #require(model.training)
            #expect(training.steps == 12 && training.tokens == 4 * 32 * 12)
            #expect(training.curve.count == 12 && training.seconds > 0)
            #expect(try #require(training.bitsPerByte) > 0.5)
            let generation = try #require(model.generation)
            let grows = model.name == "transformer"
            #expect(generation.points.map(\.length) == (grows ? [16, 128] : [16, 128, 200]))
            #expect(generation.leftOut == (grows ? [200] : []))
            let sizes = generation.points.map(\.stateByteCount)
            // A cache of two vectors per token, nine tokens after each length; a state stays as it is.
            let perToken = 2 * 4 * model.configuration.width
            #expect(grows ? sizes == [25 * perToken, 137 * perToken] : Set(sizes).count == 1)
            #expect(model.contexts?.map(\.length) == [32, 64, 128])
            #expect(model.contexts?.allSatisfy { $0.seconds > 0 && $0.byteCount > 0 } == true)
            #expect(model.positions?.first?.first == 0 && model.positions?.last?.end == 128)
            #expect(model.reach?.count == 32)
            #expect(model.recall?.map(\.seed) == [plan.seed, plan.seed + 1])
        }
        let page = try String(contentsOfFile: compared.reportPath, encoding: .utf8)
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.components(separatedBy: "<figure").count == 11)
        #expect(page.contains("default-src 'none'"))
        let pictures = try FileManager.default.contentsOfDirectory(atPath: compared.picturesPath)
        #expect(pictures.count == 10 && pictures.contains("time-of-a-token.svg"))
        for picture in pictures {
            let svg = try String(contentsOfFile: "\(compared.picturesPath)/\(picture)", encoding: .utf8)
            #expect(svg.contains("<svg") && svg.contains("rwkv7"), "\(picture)")
        }
        let share = try #require(compared.results.models[0].recall).map(\.accuracy).reduce(0, +) / 2
        #expect(page.contains(String(format: "%.1f %% (", 100 * share)), "\(share)")
        for outside in ["src=", "href=", "@import"] { #expect(!page.contains(outside)) }
        for name in names { #expect(page.contains(name)) }
    }

    @Test("of recall alone says nothing of models that were not trained")
    func recallAlone() throws {
        let folder = Folder()
        var plan = tinyPlan(["rnn"])
        plan.parts = [.recall]
        let compared = try comparison(plan, in: folder.path)
        #expect(try compared.run { _ in true })
        let page = try String(contentsOfFile: compared.reportPath, encoding: .utf8)
        #expect(page.contains("<h2>Recall</h2>") && page.contains("<p>Machine: "))
        #expect(!page.contains("Each model has") && page.components(separatedBy: "<table").count == 2)
    }

    @Test("goes on where it was interrupted, with the same models, and not with other settings")
    func resumes() throws {
        let plan = tinyPlan(["lstm", "rwkv4"])
        let (whole, parts) = (Folder(), Folder())
        let undisturbed = try comparison(plan, in: whole.path)
        #expect(try undisturbed.run { _ in true })

        // Every time a few events further: in the middle of trainings too.
        var rounds = 0
        while rounds < 50 {
            rounds += 1
            var events = 0
            let compared = try comparison(plan, in: parts.path)
            let finished = try compared.run { _ in
                events += 1
                return events < 5
            }
            if finished { break }
        }
        #expect(rounds > 3 && rounds < 50)
        for name in plan.architectures {
            let files = [whole, parts].map {
                FileManager.default.contents(atPath: "\($0.path)/\(name)/model.safetensors")
            }
            #expect(files[0] != nil && files[0] == files[1])
        }
        var other = plan
        other.learningRate = 1e-3
        #expect(throws: ComparisonError.otherSettings(path: parts.path, differing: ["learning rate"])) {
            try comparison(other, in: parts.path)
        }
        #expect(throws: ComparisonError.otherSettings(path: parts.path, differing: ["text"])) {
            try comparison(plan, in: parts.path, text: text(3003))
        }
        try Data("{".utf8).write(to: URL(fileURLWithPath: parts.path + "/comparison.json"))
        #expect(throws: ComparisonError.self) { try comparison(plan, in: parts.path) }
    }

    @Test("gives all architectures about the same number of parameters", arguments: [45_000, 250_000, 1_000_000])
    func matching(count: Int) throws {
        for name in ComparisonPlan.usualArchitectures {
            let configuration = try ModelConfiguration.matching(
                parameterCount: count, architecture: name, layerCount: 2, vocabularySize: 256)
            let found = try configuration.parameterCount()
            #expect(abs(Double(found) / Double(count) - 1) < 0.1, "\(name): \(found)")
            let model = try LanguageModel(initializing: configuration, seed: 1)
            #expect(model.parameterCount == found)
        }
    }

    @Test("fits a power of points on one with no error, and of scattered ones with the error of the textbook")
    func fits() throws {
        let exact = try #require(PowerFit([1, 2, 4, 8].map { (x: $0, y: 3 * $0 * $0 * $0.squareRoot()) }))
        #expect(abs(exact.exponent - 2.5) < 1e-12 && exact.error < 1e-12 && abs(exact.factor - 3) < 1e-9)
        // x = e^0, e^1, e^2; log y = 0, 1.5, 2: slope 1, residuals −1/6, 1/3, −1/6, so the error is √(1/6 / 2).
        let points = [(0.0, 0.0), (1, 1.5), (2, 2)].map { (x: exp($0.0), y: exp($0.1)) }
        let scattered = try #require(PowerFit(points))
        #expect(abs(scattered.exponent - 1) < 1e-12)
        #expect(abs(scattered.error - (1.0 / 12).squareRoot()) < 1e-9)
        #expect(PowerFit([(x: 1, y: 1), (x: 2, y: 2)]) == nil)
    }

    @Test("is refused with settings that cannot work")
    func refuses() throws {
        var plan = tinyPlan(["rwkv9"])
        #expect(throws: ComparisonError.self) { try plan.validate() }
        plan.architectures = ["rwkv7", "rwkv7"]
        #expect(throws: ComparisonError.self) { try plan.validate() }
        plan.architectures = ["rwkv7"]
        plan.budget = .minutes(-1)
        #expect(throws: ComparisonError.self) { try plan.validate() }
        let folder = Folder()
        #expect(throws: ComparisonError.textTooShort(what: "text to learn from", found: 60, needed: 129)) {
            try comparison(tinyPlan(["rwkv7"]), in: folder.path, text: text(60))
        }
    }
}

@Suite("A validation text in windows")
struct WindowTests {
    @Test("costs what its windows cost, each read from the first state", arguments: ["lstm", "rwkv7"], [7, 64, 1000])
    func windows(architecture: String, length: Int) throws {
        let model = try LanguageModel(
            initializing: ModelConfiguration(
                architecture: architecture, layerCount: 1, width: 16, vocabularySize: 100), seed: 3)
        for parameter in model.parameters {
            for i in parameter.mutableFloats?.indices ?? 0..<0 {
                parameter.mutableFloats?[i] += Float(i % 7 - 3) * 0.05
            }
        }
        let workspace = Workspace(threadCount: 1)
        let tokens = text(150)
        let found = try ValidationSet(tokens, byteCount: 150, windowLength: length).measure(model, on: workspace)
        var nats = 0.0
        for start in stride(from: 0, to: tokens.count, by: length) {
            let targets = Array(tokens[start..<min(tokens.count, start + length)])
            var state = model.initialState()
            let tape = Tape(on: workspace)
            let inputs = [start == 0 ? 0 : tokens[start - 1]] + targets.dropLast()
            let logits = try model(inputs, state: &state, wanted: .all, on: tape)
            nats += tape.crossEntropies(logits, targets).reduce(0) { $0 + Double($1) }
        }
        #expect(abs(found.nats - nats) < 1e-9 && found.tokenCount == 150)
        let whole = try ValidationSet(tokens, byteCount: 150).measure(model, on: workspace)
        #expect((abs(whole.nats - nats) < 1e-9) == (length == 1000))
    }
}

@Suite("How far gradients reach")
struct ReachTests {
    @Test("in an RNN that forgets by a half at every token is a half for every token")
    func halves() throws {
        let configuration = ModelConfiguration(architecture: "rnn", layerCount: 1, width: 8, vocabularySize: 5)
        let model = try LanguageModel(initializing: configuration, seed: 1)
        for parameter in model.parameters {
            guard let values = parameter.mutableFloats else { continue }
            if parameter.name.hasSuffix("bias_ih") || parameter.name.hasSuffix("bias_hh") {
                values.update(repeating: 0)
            } else if parameter.name.hasSuffix("weight_hh") || parameter.name.hasSuffix("weight_ih") {
                // Half the identity, so that the gradient is halved on its way back.
                for i in values.indices { values[i] = i % 9 == 0 ? 0.5 : 0 }
            } else if parameter.name == "emb.weight" {
                // So small that tanh is the identity.
                for i in values.indices { values[i] *= 1e-4 }
            }
        }
        let norms = try model.gradientReach([1, 2, 3, 4, 0, 1], target: 2, on: Workspace(threadCount: 1))
        #expect(norms.count == 6 && norms[5] > 0)
        for (earlier, later) in zip(norms, norms.dropFirst()) { #expect(abs(earlier / later - 0.5) < 1e-3) }
    }
}
