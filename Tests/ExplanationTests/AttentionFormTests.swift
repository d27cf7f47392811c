import Explanation
import LanguageModels
import Tensors
import TestSupport
import Testing

@Suite("The recurrence written as attention")
struct AttentionFormTests {
    @Test(
        "Weights times values are what the model's own recurrence gave",
        arguments: allNames.filter { !recurrentNames.contains($0) })
    func equal(architecture: String) throws {
        let trace = try someTrace(architecture)
        for layer in 0..<2 {
            let form = try #require(AttentionForm(trace, layer: layer))
            #expect(form.error() < 1e-5, "layer \(layer)")
            // The tokens before the present one must matter, or the check would say little.
            let weights = form.weights(head: 0)
            #expect(weights.map(\.count) == Array(1...someTokens.count))
            let last = weights[someTokens.count - 1].map(abs)
            #expect(last.dropLast().reduce(0, +) > 1e-3 * last.reduce(0, +))
        }
    }

    @Test("Those of RWKV-4 and of a Transformer are parts of 1", arguments: ["rwkv4", "transformer"])
    func parts(architecture: String) throws {
        let form = try #require(AttentionForm(try someTrace(architecture), layer: 1))
        for row in form.weights(head: 0) {
            #expect(row.allSatisfy { $0 >= 0 })
            #expect(abs(row.reduce(0, +) - 1) < 1e-9)
        }
    }

    @Test("An RNN's memory has no such form", arguments: ["rnn", "lstm"])
    func none(architecture: String) throws {
        let form = AttentionForm(try someTrace(architecture), layer: 0)
        #expect(form.map { _ in true } == nil)
    }
}
