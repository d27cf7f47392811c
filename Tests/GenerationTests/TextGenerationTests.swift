import Generation
import LanguageModels
import Tensors
import Testing
import Tokenizers

/// A model of bytes whose next byte depends on the last one only: it writes `bytes`, then `last`.
///
/// The embedding is one-hot, the blocks add nothing, and the head has a one where the next byte is.
private func chain(_ bytes: [UInt8], last: UInt8 = 0) throws -> LanguageModel {
    let model = try LanguageModel(
        initializing: ModelConfiguration(layerCount: 1, width: 256, hiddenWidth: 1, vocabularySize: 256), seed: 1)
    for parameter in model.parameters {
        guard let values = parameter.mutableFloats else { continue }
        switch parameter.name {
        case "emb.weight":
            values.update(repeating: 0)
            for i in 0..<256 { values[i * 256 + i] = 1 }
        case "head.weight":
            values.update(repeating: 0)
            for (now, next) in zip([0] + bytes, bytes + [last]) { values[Int(next) * 256 + Int(now)] = 10 }
        default: break
        }
    }
    return model
}

private func write(
    _ model: LanguageModel, stop: [String] = [], maximum: Int = .max, parameters: SamplingParameters = .greedy
) throws -> (steps: [GenerationStep], generation: TextGeneration) {
    var text = try TextGeneration(
        model, ByteTokenizer(), parameters, stopStrings: stop, maximumTokens: maximum, on: Workspace(threadCount: 1))
    try text.read([0])
    var steps: [GenerationStep] = []
    while let step = try text.next() { steps.append(step) }
    return (steps, text)
}

@Suite("Writing text")
struct TextGenerationTests {
    // Characters of one to four bytes; no byte occurs twice, so that a chain can tell its place.
    private let sentence = "aé你😀!"

    @Test("gives every character whole, at the token that completes it, and loses none")
    func characters() throws {
        let (steps, generation) = try write(chain(Array(sentence.utf8)))
        #expect(steps.map(\.text).joined() == sentence)
        #expect(steps.map(\.text) == ["a", "", "é", "", "", "你", "", "", "", "😀", "!"])
        #expect(generation.finishReason == .stopToken(0))
        #expect(generation.tokens.count == sentence.utf8.count)
    }

    @Test("cut in mid-character, gives U+FFFD for its bytes as String does")
    func cutCharacter() throws {
        let (steps, generation) = try write(chain(Array(sentence.utf8)), maximum: 5)
        #expect(steps.map(\.text).joined() == String(decoding: Array(sentence.utf8).prefix(5), as: UTF8.self))
        #expect(generation.finishReason == .length)
    }

    @Test("ends before a stop string, wherever tokens cut it", arguments: ["é", "你😀", "!", "aé"])
    func stopStrings(stop: String) throws {
        let (steps, generation) = try write(chain(Array(sentence.utf8)), stop: ["nothing", stop])
        let expected = sentence.prefix(upTo: try #require(sentence.firstRange(of: stop)).lowerBound)
        #expect(steps.map(\.text).joined() == expected)
        #expect(generation.finishReason == .stopString(index: 1))
    }

    @Test("gives out what looked like a stop string and was none")
    func almostStopped() throws {
        let (steps, _) = try write(chain(Array(sentence.utf8)), stop: ["😀?", "!!"])
        #expect(steps.map(\.text).joined() == sentence)
    }

    @Test("reads a prompt in pieces with the same outcome as token by token")
    func prompt() throws {
        let model = try chain(Array(sentence.utf8))
        let prompt = (0..<600).map { Int32($0 % 200 + 1) }
        var parameters = SamplingParameters()
        parameters.seed = 4
        var whole = try TextGeneration(model, ByteTokenizer(), parameters, on: Workspace(threadCount: 2))
        var reports: [Int] = []
        try whole.read(prompt) { reports.append($0) }
        #expect(reports == [256, 512, 600])
        var single = try TextGeneration(model, ByteTokenizer(), parameters, on: Workspace(threadCount: 1))
        for token in prompt { try single.read([token]) }
        #expect(whole.state.tensors().map { $0.floats() } == single.state.tensors().map { $0.floats() })
        #expect(try whole.next() == single.next())
    }

    @Test("needs something to follow")
    func nothingRead() throws {
        var text = try TextGeneration(try chain([1]), ByteTokenizer(), .greedy, on: Workspace(threadCount: 1))
        #expect(throws: ModelError.noTokens) { try text.next() }
    }

    @Test("writes the same for the same seed")
    func seed() throws {
        let model = try LanguageModel(
            initializing: ModelConfiguration(layerCount: 1, width: 32, vocabularySize: 256), seed: 1)
        func tokens(_ seed: UInt64) throws -> [TokenID] {
            var parameters = SamplingParameters()
            parameters.seed = seed
            return try write(model, maximum: 40, parameters: parameters).generation.tokens
        }
        #expect(try tokens(1) == tokens(1))
        #expect(try tokens(1) != tokens(2))
    }
}

@Suite("A stream of text")
struct GeneratorTests {
    @Test("gives the text in whole characters")
    func stream() async throws {
        let generator = Generator(try chain(Array("aé你😀!".utf8)), ByteTokenizer(), parameters: .greedy, threadCount: 1)
        var text = ""
        for try await piece in generator.stream("") { text += piece }
        #expect(text == "aé你😀!")
    }

    @Test("can be left before its end")
    func cancelled() async throws {
        // It never ends: b follows a, a follows b.
        let model = try chain([97, 98], last: 97)
        let generator = Generator(model, ByteTokenizer(), parameters: .greedy, threadCount: 1)
        var count = 0
        for try await _ in generator.stream("a") {
            count += 1
            if count == 10 { break }
        }
        #expect(count == 10)
    }

    @Test("throws what is wrong with its settings")
    func wrongSettings() async throws {
        var parameters = SamplingParameters.greedy
        parameters.topP = 2
        let generator = Generator(try chain([1]), ByteTokenizer(), parameters: parameters, threadCount: 1)
        await #expect(throws: SamplingError.self) { for try await _ in generator.stream("a") {} }
    }
}
