public import LanguageModels
public import Tensors
public import Tokenizers

/// A text being written: reads a prompt, then gives one token after the other.
///
///     var text = try TextGeneration(model, tokenizer, SamplingParameters(), on: Workspace())
///     try text.read(tokenizer.encode("Once upon a time"))
///     while let step = try text.next() { print(step.text, terminator: "") }
///
/// Synchronous, for whoever owns a thread; `Generator` makes an asynchronous stream of it. Each text has its own state
/// and workspace and shares the model.
public struct TextGeneration {
    /// What the model remembers of everything read and written so far.
    public private(set) var state: ModelState
    /// Why the text ended; `nil` while it goes on.
    public var finishReason: FinishReason? { writer.finishReason }
    /// The tokens written so far, without the one that ended the text.
    public var tokens: [TokenID] { writer.tokens }

    private let model: LanguageModel
    private let tape: Tape
    private var writer: TextWriter
    private var logits: [Float]?

    /// - Parameters:
    ///   - stopStrings: Texts that end the writing; they are not shown.
    ///   - maximumTokens: After this many tokens the text ends.
    ///   - state: Where to go on from; a fresh state if `nil`.
    ///   - constraint: What the text must be like; anything if `nil`.
    /// - Throws: `SamplingError` for settings that cannot work.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ parameters: SamplingParameters,
        stopStrings: [String] = [], maximumTokens: Int = .max, state: ModelState? = nil,
        constraint: (any TokenConstraint)? = nil, on workspace: Workspace
    ) throws {
        self.model = model
        self.state = state ?? model.initialState()
        tape = Tape(on: workspace)
        writer = try TextWriter(
            tokenizer, vocabularySize: model.configuration.vocabularySize, parameters, stopStrings: stopStrings,
            maximumTokens: maximumTokens, constraint: constraint)
    }

    /// The seed in use, to write the same text again.
    public var seed: UInt64 { writer.seed }

    /// Reads tokens, at the speed of matrix products.
    /// - Parameter progress: Called after each piece with the number of tokens read so far.
    /// - Throws: `ModelError` for tokens that the model does not have.
    public mutating func read(_ tokens: [TokenID], progress: (Int) -> Void = { _ in }) throws(ModelError) {
        let chunk = 256
        for start in stride(from: 0, to: tokens.count, by: chunk) {
            let end = min(start + chunk, tokens.count)
            let wanted: SequenceChunk.Wanted = end == tokens.count ? .last : .none
            let output = try model(Array(tokens[start..<end]), state: &state, wanted: wanted, on: tape)
            if wanted == .last { keep(output) }
            progress(end)
        }
    }

    /// Writes one token; `nil` when the text has ended.
    ///
    /// The last step's text is what was held back in case a stop string or a character would be completed.
    /// - Throws: `SamplingError` if the logits are not numbers; `ModelError.noTokens` if nothing was read.
    public mutating func next() throws -> GenerationStep? {
        guard finishReason == nil else { return nil }
        guard logits != nil || writer.isAtEnd else { throw ModelError.noTokens }
        let step = try writer.write(from: logits ?? [])
        if finishReason == nil, let token = step?.token { keep(try model([token], state: &state, on: tape)) }
        return step
    }

    // The array's memory is reused from token to token.
    private mutating func keep(_ output: Tensor) {
        var memory = logits ?? []
        logits = nil
        memory.removeAll(keepingCapacity: true)
        memory.append(contentsOf: output.values)
        logits = memory
    }
}

/// One step of a text: the token written, and the characters that it completed.
public struct GenerationStep: Sendable, Equatable {
    /// `nil` for the last step, which only gives out what was held back.
    public let token: TokenID?
    public let text: String
}

/// Why a text ended.
public enum FinishReason: Sendable, Equatable {
    /// The number of tokens asked for was reached.
    case length
    /// The model chose this token, the end of the document or another stop token.
    case stopToken(TokenID)
    /// The text contained the stop string of this index.
    case stopString(index: Int)
    /// The text is what it had to be, and nothing could follow.
    case constraint
}
