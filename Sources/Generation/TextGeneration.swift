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
    public private(set) var finishReason: FinishReason?
    /// The tokens written so far, without the one that ended the text.
    public private(set) var tokens: [TokenID] = []

    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let tape: Tape
    private let maximumTokens: Int
    private var sampler: Sampler
    private var stops: StopSequences
    private var decoder = StreamingDecoder()
    private var logits: [Float]?

    /// - Parameters:
    ///   - stopStrings: Texts that end the writing; they are not shown.
    ///   - maximumTokens: After this many tokens the text ends.
    ///   - state: Where to go on from; a fresh state if `nil`.
    /// - Throws: `SamplingError` for settings that cannot work.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ parameters: SamplingParameters,
        stopStrings: [String] = [], maximumTokens: Int = .max, state: ModelState? = nil, on workspace: Workspace
    ) throws {
        self.model = model
        self.tokenizer = tokenizer
        self.maximumTokens = maximumTokens
        self.state = state ?? model.initialState()
        tape = Tape(on: workspace)
        var parameters = parameters
        if let end = tokenizer.endOfText { parameters.stopTokens.insert(Int(end)) }
        // A vocabulary padded beyond the tokenizer's has tokens that stand for nothing.
        let padding = tokenizer.vocabularySize..<max(tokenizer.vocabularySize, model.configuration.vocabularySize)
        parameters.bannedTokens.formUnion(padding)
        sampler = try Sampler(parameters)
        stops = try StopSequences(stopStrings)
    }

    /// The seed in use, to write the same text again.
    public var seed: UInt64 { sampler.seed }

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
        guard tokens.count < maximumTokens else { return finish(.length) }
        guard let logits else { throw ModelError.noTokens }
        let chosen = try sampler.sample(logits)
        if sampler.parameters.stopTokens.contains(chosen) { return finish(.stopToken(TokenID(chosen))) }
        let token = TokenID(chosen)
        let bytes = tokenizer.bytes(of: token) ?? []
        sampler.accept(chosen, counted: OccurrenceCounts.isCounted(bytes))
        tokens.append(token)
        let shown = stops.append(bytes)
        if let match = shown.match {
            finishReason = .stopString(index: match.index)
            return GenerationStep(token: token, text: decoder.append(shown.text) + decoder.finish())
        }
        keep(try model([token], state: &state, on: tape))
        return GenerationStep(token: token, text: decoder.append(shown.text))
    }

    private mutating func finish(_ reason: FinishReason) -> GenerationStep? {
        let rest = stops.finish()
        finishReason = rest.match.map { .stopString(index: $0.index) } ?? reason
        let text = decoder.append(rest.text) + decoder.finish()
        return text.isEmpty ? nil : GenerationStep(token: nil, text: text)
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
}
