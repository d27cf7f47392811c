import Foundation
import Tensors
import TestSupport
import Testing

/// Three sequences of different lengths, so that every op meets borders between sequences.
private let layout = SequenceLayout(lengths: [4, 1, 3])
private let rows = 8
private let width = 6

/// An op under test: the parameters it needs, and its output from input rows `[8, 6]`.
private struct Subject: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let declare: @Sendable (inout TestParameters) throws -> [Parameter]
    let run: @Sendable (Tape, Tensor, [Parameter]) -> Tensor

    init(
        _ name: String, declare: @escaping @Sendable (inout TestParameters) throws -> [Parameter] = { _ in [] },
        run: @escaping @Sendable (Tape, Tensor, [Parameter]) -> Tensor
    ) {
        testDescription = name
        self.declare = declare
        self.run = run
    }
}

/// A slot of state that holds the same numbers at every call; its memory is never given back.
private func slot(_ value: Float, count: Int = width) -> StateSlot {
    StateSlot(
        layout.runs.indices.map { sequence in
            let memory = UnsafeMutablePointer<Float>.allocate(capacity: count)
            for i in 0..<count { memory[i] = value * Float(sequence + i % width + 1) / Float(width) }
            return memory
        })
}

/// Square matrices by these names, for the projections of an op under test.
private func matrices(_ names: String, _ numbers: inout TestParameters) throws -> [Parameter] {
    try names.map { try numbers.matrix(String($0), width, width) }
}

/// Pages of a slot that grows, for sequences that have read some tokens before: one of them goes over the end of a page.
private func pages(_ value: Float) -> PagedSlot {
    let starts = [3, 0, 62]
    return PagedSlot(
        starts.indices.map { sequence in
            (0..<2).map { page in
                Storage(
                    copying: (0..<width * PagedSlot.pageLength).map {
                        value * Float(($0 * 37 + 11 * sequence + page) % 19 - 9) / 9
                    })
            }
        }, offset: 0, starts: starts)
}

private let subjects: [Subject] = [
    Subject(
        "linear with biases",
        declare: { [try $0.matrix("w", 5, width), try $0.vector("a", 5), try $0.vector("b", 5)] }
    ) { tape, x, p in tape.squaredReLU(tape.linear(x, p[0], biases: [p[1], p[2]])) },
    Subject("gelu") { tape, x, _ in tape.gelu(x) },
    Subject("elman", declare: { try matrices("xw", &$0) }) { tape, x, p in
        tape.elman(tape.linear(x, p[0]), p[1], state: slot(0.4), layout)
    },
    Subject("lstm", declare: { [try $0.matrix("x", 4 * width, width), try $0.matrix("w", 4 * width, width)] }) {
        tape, x, p in
        tape.lstm(tape.linear(x, p[0]), p[1], hidden: slot(0.4), cell: slot(-0.7), layout)
    },
    Subject("rotate") { tape, x, _ in
        let angles = tape.rotaryAngles(starts: [0, 5, 70], headSize: 2, layout)
        return tape.multiply(tape.rotate(x, angles), x)
    },
    Subject("attention", declare: { try matrices("qkv", &$0) }) { tape, x, p in
        tape.attention(
            tape.linear(x, p[0]), tape.linear(x, p[1]), tape.linear(x, p[2]), keys: pages(0.9), values: pages(1.3),
            headSize: 3, layout)
    },
    Subject("linear", declare: { [try $0.matrix("w", 5, width)] }) { tape, x, p in tape.linear(x, p[0]) },
    Subject("layerNorm", declare: { [try $0.vector("weight", width), try $0.vector("bias", width)] }) { tape, x, p in
        tape.layerNorm(x, weight: p[0], bias: p[1])
    },
    Subject("tokenShift", declare: { [try $0.vector("mix", width, in: 0...1)] }) { tape, x, p in
        tape.tokenShift(x, mix: p[0], previous: slot(0.7), layout)
    },
    Subject("squaredReLU") { tape, x, _ in tape.squaredReLU(x) },
    Subject("sigmoidGate", declare: { [try $0.matrix("r", width, width)] }) { tape, x, p in
        tape.sigmoidGate(tape.linear(x, p[0]), x)
    },
    Subject("add, of one tensor three times") { tape, x, _ in tape.add(x, tape.add(x, x)) },
    Subject("groupNorm", declare: { [try $0.vector("weight", width), try $0.vector("bias", width)] }) { tape, x, p in
        tape.groupNorm(x, weight: p[0], bias: p[1], headSize: 3, epsilon: 64e-5)
    },
    Subject("shiftDifference") { tape, x, _ in tape.shiftDifference(x, previous: slot(0.7), layout) },
    Subject("lerp", declare: { [try $0.vector("a", width), try $0.vector("b", width)] + (try matrices("w", &$0)) }) {
        tape, x, p in
        let dz = tape.squaredReLU(x)
        let y = tape.lerp(x, dz, [p[0], p[1]])
        let z = tape.lerp(x, dz, [p[1], p[0]], plus: [tape.linear(x, p[2]), x])
        return tape.add(tape.add(y[0], tape.squaredReLU(y[1])), tape.multiply(z[0], z[1]))
    },
    Subject("channels", declare: { [try $0.vector("head", 2), try $0.vector("channel", width)] }) { tape, x, p in
        let heads = tape.channels(of: p[0], headCount: 2, headSize: 3)
        let channels = tape.multiply(heads, tape.channels(of: p[1], headCount: 2, headSize: 3))
        return tape.multiply(tape.rows([2], of: x), channels)
    },
    Subject("tanh") { tape, x, _ in tape.tanh(x) },
    Subject("sigmoid") { tape, x, _ in tape.sigmoid(x) },
    Subject("siluGate", declare: { try matrices("g", &$0) }) { tape, x, p in tape.siluGate(tape.linear(x, p[0]), x) },
    Subject("exp") { tape, x, _ in tape.exp(x) },
    Subject("decay") { tape, x, _ in tape.decay(x) },
    Subject("boundedDecay") { tape, x, _ in tape.boundedDecay(x) },
    Subject("multiply", declare: { try matrices("w", &$0) }) { tape, x, p in tape.multiply(tape.linear(x, p[0]), x) },
    Subject("blend", declare: { try matrices("as", &$0) }) { tape, x, p in
        tape.blend(tape.linear(x, p[0]), x, by: tape.linear(x, p[1]))
    },
    Subject("removalKey", declare: { [try $0.vector("scale", width)] }) { tape, x, p in
        tape.removalKey(x, scale: p[0], headSize: 3)
    },
    Subject("replacementKey", declare: { [try $0.vector("mix", width)] + (try matrices("ka", &$0)) }) { tape, x, p in
        tape.replacementKey(tape.linear(x, p[1]), tape.linear(x, p[2]), mix: p[0])
    },
    Subject("addHeadBonus", declare: { [try $0.vector("u", width)] + (try matrices("rkv", &$0)) }) { tape, x, p in
        tape.addHeadBonus(
            x, tape.linear(x, p[1]), tape.linear(x, p[2]), tape.linear(x, p[3]), u: p[0], headSize: 3)
    },
    Subject("project", declare: { [try $0.matrix("m", width, 5)] }) { tape, x, p in tape.project(x, p[0]) },
    Subject(
        "project, side by side, with a bias", declare: { try matrices("ab", &$0) + [try $0.vector("bias", width)] }
    ) { tape, x, p in
        let parts = tape.project([(x, p[0], nil), (x, p[1], p[2])])
        return tape.multiply(parts[0], tape.squaredReLU(parts[1]))
    },
    Subject("projections, of which one is not used", declare: { [try $0.matrix("m", width, 4)] }) { tape, x, p in
        let parts = tape.projections(x, p[0], count: 3)
        return tape.multiply(parts[0], parts[2])
    },
    Subject("rowwiseProduct", declare: { [try $0.matrix("m", 12, width)] }) { tape, x, p in
        tape.rowwiseProduct(x, tape.linear(x, p[0]))
    },
    Subject("wkv6, a decay per token", declare: { [try $0.vector("u", width)] + (try matrices("rkvd", &$0)) }) {
        tape, x, p in
        tape.wkv6(
            tape.linear(x, p[1]), tape.linear(x, p[2]), tape.linear(x, p[3]),
            decay: tape.sigmoid(tape.linear(x, p[4])), bonus: tape.channels(of: p[0], headCount: 2, headSize: 3),
            state: slot(0.4, count: 18), headSize: 3, layout)
    },
    Subject(
        "wkv6, one decay for all",
        declare: { [try $0.vector("u", 2), try $0.vector("d", 2)] + (try matrices("rkv", &$0)) }
    ) { tape, x, p in
        tape.wkv6(
            tape.linear(x, p[2]), tape.linear(x, p[3]), tape.linear(x, p[4]),
            decay: tape.decay(tape.channels(of: p[1], headCount: 2, headSize: 3)),
            bonus: tape.exp(tape.channels(of: p[0], headCount: 2, headSize: 3)), state: slot(0.4, count: 18),
            headSize: 3, layout)
    },
    Subject("wkv7", declare: { try matrices("rdkvna", &$0) + [$0.vector("scale", width)] }) { tape, x, p in
        tape.wkv7(
            tape.linear(x, p[0]), decay: tape.boundedDecay(tape.linear(x, p[1])), tape.linear(x, p[2]),
            tape.linear(x, p[3]), removalKey: tape.removalKey(tape.linear(x, p[4]), scale: p[6], headSize: 3),
            tape.sigmoid(tape.linear(x, p[5])), state: slot(0.4, count: 18), headSize: 3, layout)
    },
    Subject("rows") { tape, x, _ in tape.rows([6, 1, 3], of: x) },
    Subject(
        "wkv4",
        declare: {
            [
                try $0.matrix("k", width, width), try $0.matrix("v", width, width), try $0.vector("decay", width),
                try $0.vector("first", width),
            ]
        }
    ) { tape, x, p in
        tape.wkv4(
            tape.linear(x, p[0]), tape.linear(x, p[1]), decay: p[2], first: p[3],
            state: (a: slot(0.5), b: slot(1), p: slot(0.3)), layout)
    },
]

@Suite("Gradients of ops are those of central differences")
struct OpGradientTests {
    @Test("by the parameters and by the input", arguments: subjects, [1, 2])
    private func gradients(subject: Subject, threadCount: Int) throws {
        let workspace = Workspace(threadCount: threadCount)
        var numbers = TestParameters(seed: 11)
        // The input is the rows of an embedding, so that its gradient is checked as a parameter's.
        let input = try numbers.embedding("input", rows, width)
        let own = try subject.declare(&numbers)
        let tokens: [Int32] = [0, 3, 6, 1, 4, 7, 2, 2]

        func output(_ tape: Tape) -> Tensor { subject.run(tape, tape.embedding(tokens, input), own) }
        let weights = numbers.numbers(output(Tape(on: workspace)).count)

        let gradients = Gradients(numbers.store.parameters, in: workspace.buffers)
        let tape = Tape(on: workspace, gradients: gradients)
        _ = tape.weightedSum(output(tape), weights: weights)
        tape.backward()

        let errors = gradientErrors(numbers.store.parameters, gradients) {
            let tape = Tape(on: workspace)
            return tape.weightedSum(output(tape), weights: weights)
        }
        #expect(errors.count == own.count + 1)
        for (name, error) in errors { #expect(error < 1e-2, "\(name)") }
    }

    @Test("of the head's loss, made some rows at a time, are those of all at once")
    func headLoss() throws {
        let workspace = Workspace(threadCount: 2)
        var numbers = TestParameters(seed: 3)
        // So many tokens that 96 rows are a part.
        let (rows, vocabulary) = (250, 50_000)
        let table = try numbers.embedding("x", rows, 8)
        let head = try numbers.matrix("head", vocabulary, 8)
        let targets = (0..<rows).map { Int32($0 * 7919 % vocabulary) }
        func run(_ loss: (Tape, Tensor) -> Double) -> (loss: Double, gradients: [[Float]]) {
            let gradients = Gradients([table, head], in: workspace.buffers)
            let tape = Tape(on: workspace, gradients: gradients)
            let value = loss(tape, tape.embedding((0..<rows).map { Int32($0) }, table))
            tape.backward()
            return (value, [table, head].map { Array(gradients[$0].values) })
        }
        let whole = run { tape, x in
            tape.crossEntropy(tape.linear(x, head), targets, l2Wrap: 0.5, tokenCount: 300)
        }
        let parts = run { tape, x in tape.headLoss(x, head, targets, l2Wrap: 0.5, tokenCount: 300) }
        #expect(abs(whole.loss - parts.loss) < 1e-9)
        #expect(whole.gradients[0] == parts.gradients[0])
        let largest = whole.gradients[1].reduce(0) { max($0, abs($1)) }
        let difference = zip(whole.gradients[1], parts.gradients[1]).reduce(0) { max($0, abs($1.0 - $1.1)) }
        #expect(difference < 1e-5 * largest)
        let tape = Tape(on: workspace)
        let unrecorded = tape.headLoss(
            tape.embedding((0..<rows).map { Int32($0) }, table), head, targets, tokenCount: rows)
        #expect(abs(unrecorded - whole.loss * 300 / Double(rows)) < 1e-9)
    }

    @Test("of the cross-entropy by the logits; L2Wrap adds to the largest and not to the loss")
    func crossEntropy() throws {
        let workspace = Workspace(threadCount: 2)
        var numbers = TestParameters(seed: 3)
        let logits = try numbers.embedding("logits", 5, 7)
        let targets: [Int32] = [0, 6, 3, 3, 1]
        func loss(_ tape: Tape, l2Wrap: Float = 0) -> Double {
            tape.crossEntropy(tape.embedding([0, 1, 2, 3, 4], logits), targets, l2Wrap: l2Wrap)
        }
        func analytic(l2Wrap: Float) -> (loss: Double, gradients: Gradients) {
            let gradients = Gradients([logits], in: workspace.buffers)
            let tape = Tape(on: workspace, gradients: gradients)
            let value = loss(tape, l2Wrap: l2Wrap)
            tape.backward()
            return (value, gradients)
        }
        let plain = analytic(l2Wrap: 0)
        let errors = gradientErrors([logits], plain.gradients) { loss(Tape(on: workspace)) }
        #expect(try #require(errors["logits"]) < 1e-2)

        let wrapped = analytic(l2Wrap: 0.5)
        #expect(wrapped.loss == plain.loss)
        let values = try #require(logits.value.floats())
        let pairs = zip(wrapped.gradients[logits].values, plain.gradients[logits].values)
        for (row, added) in pairs.map({ $0 - $1 }).chunks(of: 7).enumerated() {
            let own = Array(values[row * 7..<row * 7 + 7])
            let top = try #require(own.indices.max { own[$0] < own[$1] })
            for i in own.indices { #expect(abs(added[i] - (i == top ? 0.5 * own[i] / 5 : 0)) < 1e-6) }
        }
    }

    @Test("of the cross-entropy are nothing in rows that do not count, and the mean is that of the others")
    func ignoredTargets() throws {
        let workspace = Workspace(threadCount: 2)
        var numbers = TestParameters(seed: 3)
        let logits = try numbers.embedding("logits", 5, 7)
        let targets: [Int32] = [Tape.ignoredTarget, 6, 3, Tape.ignoredTarget, 1]
        func loss(_ tape: Tape, l2Wrap: Float = 0) -> Double {
            tape.crossEntropy(tape.embedding([0, 1, 2, 3, 4], logits), targets, l2Wrap: l2Wrap)
        }
        // −log softmax of the rows that count, in double precision.
        let values = try #require(logits.value.floats())
        let expected = [1, 2, 4].reduce(0.0) { sum, row in
            let own = values[row * 7..<row * 7 + 7].map { Double($0) }
            let total = own.reduce(0.0) { $0 + Foundation.exp($1) }
            return sum + Foundation.log(total) - own[Int(targets[row])]
        }
        #expect(abs(loss(Tape(on: workspace)) - expected / 3) < 1e-6)
        for l2Wrap in [0, 0.5] as [Float] {
            let gradients = Gradients([logits], in: workspace.buffers)
            let tape = Tape(on: workspace, gradients: gradients)
            #expect(abs(loss(tape, l2Wrap: l2Wrap) - expected / 3) < 1e-6)
            tape.backward()
            for row in [0, 3] { #expect(gradients[logits].values[row * 7..<row * 7 + 7].allSatisfy { $0 == 0 }) }
            if l2Wrap == 0 {
                let errors = gradientErrors([logits], gradients) { loss(Tape(on: workspace)) }
                #expect(try #require(errors["logits"]) < 1e-2)
            }
        }
        let nothing = [Int32](repeating: Tape.ignoredTarget, count: 5)
        let tape = Tape(on: workspace)
        #expect(tape.crossEntropy(tape.embedding([0, 1, 2, 3, 4], logits), nothing) == 0)
    }

    @Test("Dropout scales what it keeps, drops about its share, and repeats itself for one seed and step")
    func dropout() throws {
        let workspace = Workspace(threadCount: 2)
        var numbers = TestParameters(seed: 3)
        let table = try numbers.embedding("x", 100, 64)
        func run(step: Int) -> (output: [Float], gradient: [Float]) {
            let gradients = Gradients([table], in: workspace.buffers)
            let tape = Tape(on: workspace, gradients: gradients)
            tape.dropout = DropoutSource(rate: 0.25, seed: 9, step: step)
            let y = tape.dropout(tape.embedding((0..<100).map(Int32.init), table))
            _ = tape.weightedSum(y, weights: [Float](repeating: 1, count: y.count))
            let output = Array(y.values)
            tape.backward()
            return (output, Array(gradients[table].values))
        }
        let first = run(step: 1)
        let again = run(step: 1)
        #expect(first.output == again.output && first.gradient == again.gradient)
        #expect(first.output != run(step: 2).output)
        let kept = first.gradient.filter { $0 != 0 }
        #expect(kept.allSatisfy { abs($0 - 4 / 3) < 1e-6 })
        // 6400 draws: three standard deviations are 0.016.
        #expect(abs(Double(kept.count) / 6400 - 0.75) < 0.02)
        let values = try #require(table.value.floats())
        for (y, (x, d)) in zip(first.output, zip(values, first.gradient)) { #expect(abs(y - x * d) < 1e-6) }
    }
}

extension Array {
    fileprivate func chunks(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }
}
