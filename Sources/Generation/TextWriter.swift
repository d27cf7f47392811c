internal import LanguageModels
internal import Tokenizers

/// The writing half of a text: from logits to the next token and the characters that it completes.
///
/// It knows no model, so that a text written alone and one of a batch are chosen by the same code.
struct TextWriter {
    /// Why the text ended; `nil` while it goes on.
    private(set) var finishReason: FinishReason?
    /// The tokens written so far, without the one that ended the text.
    private(set) var tokens: [TokenID] = []

    private let tokenizer: any Tokenizer
    private let maximumTokens: Int
    private var sampler: Sampler
    private var stops: StopSequences
    private var decoder = StreamingDecoder()
    private var constraint: (any TokenConstraint)?
    private var masked: [Float] = []

    /// - Parameters:
    ///   - vocabularySize: The number of logits; those beyond the tokenizer's vocabulary stand for nothing.
    ///   - constraint: What the text must be like; anything if `nil`.
    /// - Throws: `SamplingError` for settings that cannot work.
    init(
        _ tokenizer: any Tokenizer, vocabularySize: Int, _ given: SamplingParameters, stopStrings: [String],
        maximumTokens: Int, constraint: (any TokenConstraint)? = nil
    ) throws(SamplingError) {
        self.tokenizer = tokenizer
        self.maximumTokens = maximumTokens
        self.constraint = constraint
        var parameters = given
        if let end = tokenizer.endOfText { parameters.stopTokens.insert(Int(end)) }
        // A vocabulary padded beyond the tokenizer's has tokens that stand for nothing.
        parameters.bannedTokens.formUnion(
            tokenizer.vocabularySize..<max(tokenizer.vocabularySize, vocabularySize))
        sampler = try Sampler(parameters)
        stops = try StopSequences(stopStrings)
    }

    /// The seed in use, to write the same text again.
    var seed: UInt64 { sampler.seed }

    /// Whether the next call ends the text without a look at the logits.
    var isAtEnd: Bool { tokens.count >= maximumTokens || constraint?.isComplete == true }

    /// Writes one token; `nil` when the text has ended and nothing was held back.
    ///
    /// While ``finishReason`` is `nil` afterwards, the step's token is to be given to the model.
    /// - Throws: `SamplingError` if the logits are not numbers.
    mutating func write(from logits: [Float]) throws(SamplingError) -> GenerationStep? {
        guard finishReason == nil else { return nil }
        if constraint?.isComplete == true { return finish(.constraint) }
        if tokens.count >= maximumTokens { return finish(.length) }
        let chosen = try choose(logits)
        let token = TokenID(chosen)
        if sampler.parameters.stopTokens.contains(chosen) { return finish(.stopToken(token)) }
        let bytes = tokenizer.bytes(of: token) ?? []
        sampler.accept(chosen, counted: OccurrenceCounts.isCounted(bytes))
        constraint?.accept(token)
        tokens.append(token)
        let shown = stops.append(bytes)
        if let match = shown.match {
            finishReason = .stopString(index: match.index)
            return GenerationStep(token: token, text: decoder.append(shown.text) + decoder.finish())
        }
        return GenerationStep(token: token, text: decoder.append(shown.text))
    }

    private mutating func choose(_ logits: [Float]) throws(SamplingError) -> Int {
        guard constraint != nil else { return try sampler.sample(logits) }
        masked.removeAll(keepingCapacity: true)
        masked.append(contentsOf: logits)
        let left = maximumTokens - tokens.count
        constraint?.mask(&masked, stopTokens: sampler.parameters.stopTokens, tokensLeft: left)
        return try sampler.sample(masked)
    }

    private mutating func finish(_ reason: FinishReason) -> GenerationStep? {
        let rest = stops.finish()
        finishReason = rest.match.map { .stopString(index: $0.index) } ?? reason
        let text = decoder.append(rest.text) + decoder.finish()
        return text.isEmpty ? nil : GenerationStep(token: nil, text: text)
    }
}
