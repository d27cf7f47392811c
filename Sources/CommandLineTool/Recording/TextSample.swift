internal import Foundation
internal import RWKV

/// What a model wrote after a step of its training.
struct TextSample: Codable, Equatable {
    let step: Int
    let prompt: String
    let text: String

    /// Has the model write: always with the same random numbers, so that samples of different steps differ by what has
    /// been learnt. They are not the training's, which goes on as if there had been no sample.
    init(
        of model: LanguageModel, _ tokenizer: any Tokenizer, step: Int, prompt: String, tokens: Int,
        on workspace: Workspace
    ) throws {
        var parameters = SamplingParameters()
        parameters.seed = 1
        // Token 0 stands between documents, so it begins one and ends it.
        parameters.stopTokens = [0]
        var writing = try TextGeneration(model, tokenizer, parameters, maximumTokens: tokens, on: workspace)
        try writing.read([0] + tokenizer.encode(prompt))
        var text = ""
        while let piece = try writing.next() { text += piece.text }
        (self.step, self.prompt, self.text) = (step, prompt, text)
    }

    /// The samples of a run's file up to a step; lines that are none are passed over.
    static func read(_ path: String, through step: Int) -> [TextSample] {
        guard step > 0, let data = FileManager.default.contents(atPath: path) else { return [] }
        let decoder = JSONDecoder()
        return data.split(separator: UInt8(ascii: "\n"))
            .compactMap { try? decoder.decode(TextSample.self, from: Data($0)) }
            .filter { $0.step <= step }
    }

    /// As lines of JSON.
    static func lines(_ samples: [TextSample]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try samples.flatMap { Array(try encoder.encode($0)) + [UInt8(ascii: "\n")] }
    }
}
