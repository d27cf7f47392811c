import Foundation
import LanguageModels
import Quantizing
import Tensors
import TestSupport
import Testing

/// A small RWKV-7 with rows of whole blocks of 32, its weights as large as trained ones.
private func smallModel(width: Int = 64) throws -> LanguageModel {
    var configuration = ModelConfiguration(
        architecture: "rwkv7", layerCount: 2, width: width, hiddenWidth: 2 * width, vocabularySize: 50)
    configuration.headSize = 32
    let model = try LanguageModel(initializing: configuration, seed: 3)
    var random = RandomNumbers(seed: 5)
    for parameter in model.parameters {
        guard let values = parameter.mutableFloats else { continue }
        for i in values.indices { values[i] += 0.15 * random.uniform(in: -1...1) }
    }
    return model
}

private func someTokens(_ count: Int) -> [Int32] {
    var random = RandomNumbers(seed: 9)
    return (0..<count).map { _ in Int32(random.below(50)) }
}

private func logits(_ model: LanguageModel, _ tokens: [Int32]) throws -> [[Double]] {
    var state = model.initialState()
    let tape = Tape(on: Workspace(threadCount: 1))
    let logits = try model([0] + tokens.dropLast(), state: &state, wanted: .all, on: tape)
    return (0..<logits.rows).map { row in logits.values(ofRow: row).map(Double.init) }
}

private func logSoftmax(_ row: [Double]) -> [Double] {
    let greatest = row.max() ?? 0
    let logSum = greatest + log(row.reduce(0) { $0 + exp($1 - greatest) })
    return row.map { $0 - logSum }
}

@Suite("The difference between two models")
struct ModelComparisonTests {
    @Test("is what the definition says, over several chunks")
    func definition() throws {
        let model = try smallModel()
        let quantizer = Quantizer(model)
        let threads = ThreadPool(threadCount: 1)
        let other = try quantizer.model(quantizer.tensors(quantizer.plan(.q4_0), on: threads))
        let tokens = someTokens(150)
        let workspace = Workspace(threadCount: 1)
        let compared = [ComparedModel(other, on: workspace), ComparedModel(model, on: workspace)]
        let found = try ModelComparison(of: compared, with: ComparedModel(model, on: workspace)).measure(tokens)

        let (a, b) = (try logits(model, tokens), try logits(other, tokens))
        var (divergence, nats, change, agreeing) = (0.0, 0.0, 0.0, 0)
        for (row, target) in tokens.enumerated() {
            let (p, q) = (logSoftmax(a[row]), logSoftmax(b[row]))
            divergence += zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
            nats -= q[Int(target)]
            change = zip(a[row], b[row]).reduce(change) { max($0, abs($1.0 - $1.1)) }
            if p.firstIndex(of: p.max()!) == q.firstIndex(of: q.max()!) { agreeing += 1 }
        }
        let quantized = found.others[0]
        #expect(divergence > 1e-4)
        #expect(abs(quantized.meanDivergence * 150 - divergence) < 1e-3 * divergence)
        #expect(abs(quantized.nats - nats) < 1e-3)
        #expect(abs(quantized.perplexity - exp(nats / 150)) < 1e-4)
        #expect(abs(Double(quantized.greatestLogitChange) - change) < 1e-4)
        #expect(quantized.agreement == Double(agreeing) / 150)
        #expect(found.others[1].meanDivergence == 0 && found.others[1].agreement == 1)
        #expect(found.others[1].nats == found.original.nats && found.original.tokenCount == 150)
    }
}

@Suite("The inputs of a model's matrices")
struct InputStatisticsTests {
    @Test("are counted by column, over all rows of a text")
    func meanSquares() throws {
        let model = try smallModel()
        let tokens = someTokens(40)
        let statistics = try InputStatistics(of: model, reading: tokens, on: Workspace(threadCount: 1))
        // The head reads LN(x; ln_out), of which the tape shows every row.
        var expected = [Double](repeating: 0, count: 64)
        let tape = Tape(
            on: Workspace(threadCount: 1),
            onLinear: { parameter, x in
                guard parameter.name == "head.weight" else { return }
                for row in 0..<x.rows {
                    for (k, value) in x.values(ofRow: row).enumerated() { expected[k] += Double(value * value) / 40 }
                }
            })
        var state = model.initialState()
        _ = try model(tokens, state: &state, wanted: .all, on: tape)
        let mean = expected.reduce(0, +) / 64
        let found = try #require(statistics.importance(of: "head.weight"))
        #expect(mean > 0.1)
        for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b - mean / 20) < 1e-3 * mean) }
        #expect(statistics.importance(of: "emb.weight") == nil)
        #expect(statistics.importance(of: "blocks.1.ffn.value.weight")?.count == 128)
    }
}

@Suite("Quantising a model")
struct QuantizerTests {
    @Test("leaves vectors and low-rank factors as they are")
    func matricesOnly() throws {
        let model = try smallModel()
        let quantizer = Quantizer(model, keeping: ["head.weight"])
        let tensors = quantizer.tensors(quantizer.plan(.q5_1), on: ThreadPool(threadCount: 2))
        for (tensor, parameter) in zip(tensors, model.parameters) {
            let isQuantized = tensor.name.hasSuffix(".weight") && tensor.shape.extents.count == 2
            #expect(tensor.type == (isQuantized && tensor.name != "head.weight" ? .q5_1 : .f32), "\(tensor.name)")
            if tensor.type == .f32 { #expect(tensor.floats() == parameter.value.floats()) }
        }
        #expect(quantizer.byteCount(quantizer.plan(.q5_1)) == tensors.reduce(0) { $0 + $1.byteCount })
    }

    @Test(
        "takes blocks of 32 where rows are none of 256",
        arguments: [(DataType.q4_K, DataType.q5_0), (.q5_K, .q5_1), (.q6_K, .q8_0), (.q4_0, .q4_0)])
    func fallback(asked: DataType, taken: DataType) throws {
        let plan = Quantizer(try smallModel()).plan(asked)
        #expect(Set(plan.types.values) == [taken])
        let wide = Quantizer(try smallModel(width: 256)).plan(asked)
        #expect(Set(wide.types.values) == [asked])
    }

    @Test("with the inputs of a text loses less on that text", arguments: [DataType.q4_0, .q4_1])
    func statistics(type: DataType) throws {
        let model = try smallModel(width: 256)
        // Channels of very different size, as trained models have them.
        for parameter in model.parameters
        where parameter.name.hasSuffix("ln1.weight") || parameter.name.hasSuffix("ln2.weight") {
            guard let values = parameter.mutableFloats else { continue }
            for i in values.indices { values[i] = i % 16 == 0 ? 4 : 0.3 }
        }
        let tokens = someTokens(200)
        let workspace = Workspace(threadCount: 1)
        let told = Quantizer(model, statistics: try InputStatistics(of: model, reading: tokens, on: workspace))
        let compared = try [told, Quantizer(model)].map { quantizer in
            try ComparedModel(
                quantizer.model(quantizer.tensors(quantizer.plan(type), on: workspace.threads)), on: workspace)
        }
        let found = try ModelComparison(of: compared, with: ComparedModel(model, on: workspace)).measure(tokens).others
        #expect(found[0].meanDivergence < found[1].meanDivergence)
    }
}

@Suite("Choosing a type for each matrix")
struct TypeChooserTests {
    @Test("keeps to the size and loses less than one type for all of that size")
    func choice() throws {
        let model = try smallModel(width: 256)
        let tokens = someTokens(100)
        let workspace = Workspace(threadCount: 1)
        let quantizer = Quantizer(model, statistics: try InputStatistics(of: model, reading: tokens, on: workspace))
        let chooser = try TypeChooser(
            quantizer, types: [.q4_K, .q5_K, .q6_K, .q8_0], reading: tokens, on: workspace)
        let uniform = quantizer.plan(.q5_K)
        let plan = try chooser.plan(byteCount: quantizer.byteCount(uniform))
        #expect(quantizer.byteCount(plan) <= quantizer.byteCount(uniform))
        #expect(Set(plan.types.keys) == Set(quantizer.matrices.map(\.name)))
        let compared = try [plan, uniform].map { plan in
            try ComparedModel(quantizer.model(quantizer.tensors(plan, on: workspace.threads)), on: workspace)
        }
        let found = try ModelComparison(of: compared, with: ComparedModel(model, on: workspace)).measure(tokens).others
        #expect(found[0].meanDivergence < found[1].meanDivergence)
        // The estimate is one: the sum over matrices, each scaled from its smallest type.
        let ratio = chooser.divergence(plan) / found[0].meanDivergence
        #expect(ratio > 0.4 && ratio < 2.5, "estimated \(ratio) of the measured")
    }

    @Test("goes from the smallest types to the original, and refuses less")
    func limits() throws {
        let workspace = Workspace(threadCount: 1)
        let quantizer = Quantizer(try smallModel(width: 256))
        let chooser = try TypeChooser(quantizer, types: [.q4_K, .q8_0], reading: someTokens(20), on: workspace)
        let possible = chooser.possibleByteCounts
        #expect(possible.lowerBound == quantizer.byteCount(quantizer.plan(.q4_K)))
        #expect(possible.upperBound == quantizer.byteCount(TypePlan([:])))
        #expect(Set(try chooser.plan(byteCount: possible.lowerBound).types.values) == [.q4_K])
        #expect(Set(try chooser.plan(byteCount: possible.upperBound).types.values) == [.f32])
        #expect(throws: QuantizationError.tooSmall(asked: possible.lowerBound - 1, least: possible.lowerBound)) {
            try chooser.plan(byteCount: possible.lowerBound - 1)
        }
    }

    @Test("finds plans that hardly any other plan of the size beats")
    func nearlyBest() throws {
        var random = RandomNumbers(seed: 11)
        for _ in 0..<20 {
            var options: [String: [TypeChooser.Option]] = [:]
            for name in ["a", "b", "c", "d", "e"] {
                let importance = Double(random.uniform(in: 0.1...10))
                options[name] = zip([DataType.q4_K, .q6_K, .q8_0, .f32], [45, 66, 85, 320]).map { type, bytes in
                    let error = type == .f32 ? 0 : importance * exp(-Double(bytes) / 12)
                    return TypeChooser.Option(type: type, byteCount: bytes, divergence: error)
                }
            }
            let chooser = TypeChooser(options: options, fixedByteCount: 7)
            let limit = 7 + 320 + random.below(200)
            let plan = try chooser.plan(byteCount: limit)
            let all = options.keys.sorted().reduce([(7, 0.0)]) { partial, name in
                partial.flatMap { sum in (options[name] ?? []).map { (sum.0 + $0.byteCount, sum.1 + $0.divergence) } }
            }
            let size = options.reduce(7) { sum, entry in
                sum + (entry.value.first { $0.type == plan.types[entry.key] }?.byteCount ?? 1000)
            }
            #expect(size <= limit)
            // The greedy choice may leave bytes over: it must be as good as the best of a size less one step.
            let best = all.filter { $0.0 <= limit - 40 }.map(\.1).min() ?? .infinity
            #expect(chooser.divergence(plan) <= best * 1.0001)
        }
    }
}
