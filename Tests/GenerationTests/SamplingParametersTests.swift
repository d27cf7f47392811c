import Foundation
import Generation
import Testing

@Suite("Sampling parameters")
struct SamplingParametersTests {
    // Expected: the defaults of rwkv 0.8.32 (PIPELINE_ARGS, and generate's penalties).
    @Test("The defaults are the official package's")
    func defaults() throws {
        let parameters = try SamplingParameters().validated()
        #expect(parameters.temperature == 1)
        #expect(parameters.topP == 0.85)
        #expect(parameters.topK == 0)
        #expect(parameters.presencePenalty == 0.2)
        #expect(parameters.frequencyPenalty == 0.2)
        #expect(parameters.penaltyDecay == 0.996)
        #expect(!parameters.isGreedy)
    }

    @Test("Every preset is valid", arguments: [SamplingParameters.greedy, .chat, .unfiltered])
    func presets(preset: SamplingParameters) throws {
        #expect(try preset.validated() == preset)
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        let name: String
        let make: @Sendable (inout SamplingParameters) -> Void
        var testDescription: String { name }
    }

    static let mistakes = [
        Mistake(name: "temperature") { $0.temperature = -0.1 }, Mistake(name: "temperature") { $0.temperature = .nan },
        Mistake(name: "temperature") { $0.temperature = .infinity }, Mistake(name: "topK") { $0.topK = -1 },
        Mistake(name: "topP") { $0.topP = 1.01 }, Mistake(name: "topP") { $0.topP = -0.01 },
        Mistake(name: "topP") { $0.topP = .nan }, Mistake(name: "minP") { $0.minP = 1.5 },
        Mistake(name: "minP") { $0.minP = -1 }, Mistake(name: "typicalP") { $0.typicalP = 0 },
        Mistake(name: "typicalP") { $0.typicalP = 2 }, Mistake(name: "presencePenalty") { $0.presencePenalty = .nan },
        Mistake(name: "frequencyPenalty") { $0.frequencyPenalty = .infinity },
        Mistake(name: "penaltyDecay") { $0.penaltyDecay = 1.1 },
        Mistake(name: "penaltyDecay") { $0.penaltyDecay = -0.1 },
        Mistake(name: "logitBias[7]") { $0.logitBias = [7: .nan] },
    ]

    @Test("A number out of its range is refused by name, before anything is sampled", arguments: mistakes)
    func refused(mistake: Mistake) throws {
        var parameters = SamplingParameters()
        mistake.make(&parameters)
        let error = #expect(throws: SamplingError.self) { try parameters.validated() }
        guard case .parameterOutOfRange(let name, _, let needed) = error else {
            Issue.record("wrong error: \(String(describing: error))")
            return
        }
        #expect(name == mistake.name)
        #expect(String(describing: try #require(error)).contains(needed))
        #expect(throws: SamplingError.self) { try Sampler(parameters) }
    }

    @Test("A negative token is refused with the list it stands in")
    func negativeTokens() {
        var parameters = SamplingParameters()
        parameters.logitBias = [-4: 1]
        #expect(throws: SamplingError.negativeToken(list: "logitBias", token: -4)) { try parameters.validated() }
        parameters.logitBias = [:]
        parameters.bannedTokens = [3, -2]
        #expect(throws: SamplingError.negativeToken(list: "bannedTokens", token: -2)) { try parameters.validated() }
        parameters.bannedTokens = []
        parameters.stopTokens = [-1]
        #expect(throws: SamplingError.negativeToken(list: "stopTokens", token: -1)) { try parameters.validated() }
    }

    @Test("Encoded and decoded they are the same; what a file leaves out has its default")
    func coding() throws {
        var parameters = SamplingParameters.chat
        parameters.temperature = 0.7
        parameters.topK = 40
        parameters.minP = 0.05
        parameters.typicalP = 0.9
        parameters.penaltyDecay = 0.9
        parameters.logitBias = [5: -1.5, 9: 2]
        parameters.bannedTokens = [1]
        parameters.stopTokens = [0, 261]
        parameters.seed = .max
        let data = try JSONEncoder().encode(parameters)
        #expect(try JSONDecoder().decode(SamplingParameters.self, from: data) == parameters)

        let partial = try JSONDecoder().decode(SamplingParameters.self, from: Data(#"{"topK": 3}"#.utf8))
        var expected = SamplingParameters()
        expected.topK = 3
        #expect(partial == expected)
    }
}
