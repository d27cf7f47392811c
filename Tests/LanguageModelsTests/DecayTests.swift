import Foundation
import LanguageModels
import Tensors
import Testing

@Suite("How long models remember")
struct DecayTests {
    @Test("Half-lives are those of the decay's formula, sorted", arguments: architectures.map { $0.name })
    func halfLives(architecture: String) throws {
        let model = try tinyModel(architecture)
        let found = model.decayHalfLives()
        #expect(found.count == 2)
        for (layer, halfLives) in found.enumerated() {
            let isBounded = architecture.hasPrefix("rwkv7")
            let name = "blocks.\(layer).att." + (isBounded ? "w0" : "time_decay")
            guard let values = model.parameters.first(where: { $0.name == name })?.value.floats() else {
                // What has no decay forgets nothing.
                #expect(halfLives.isEmpty)
                continue
            }
            // What is left after a token, and after how many tokens half of it is.
            let factors = values.map { x in
                isBounded ? exp(-0.606_530_66 / (1 + exp(-Double(x)))) : exp(-exp(Double(x)))
            }
            let expected = factors.map { log(0.5) / log($0) }.sorted()
            #expect(halfLives.count == expected.count && !halfLives.isEmpty)
            for (a, b) in zip(halfLives, expected) { #expect(abs(a - b) < 1e-5 * b) }
        }
    }
}
