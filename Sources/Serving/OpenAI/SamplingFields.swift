internal import Generation
internal import HTTPTypes

/// The fields that say how tokens are chosen, common to completions and chats.
///
/// Those that OpenAI has not (`top_k`, `min_p`, `typical_p`, `penalty_decay`) are this server's own.
struct SamplingFields: Decodable {
    var temperature: Double?
    var topP: Double?
    var topK: Int?
    var minP: Double?
    var typicalP: Double?
    var presencePenalty: Double?
    var frequencyPenalty: Double?
    var penaltyDecay: Double?
    var logitBias: [String: Double]?
    var seed: Int?
    var n: Int?
    var stop: OneOrMany<String>?

    enum CodingKeys: String, CodingKey {
        case temperature, seed, n, stop
        case topP = "top_p"
        case topK = "top_k"
        case minP = "min_p"
        case typicalP = "typical_p"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case penaltyDecay = "penalty_decay"
        case logitBias = "logit_bias"
    }

    /// The parameters of `count` answers. A seed gives each answer its own: seed, seed + 1 and so on.
    func parameters(answers count: Int, vocabularySize: Int) throws -> [SamplingParameters] {
        var parameters = SamplingParameters.unfiltered
        func take<Value>(_ value: Value?, _ path: WritableKeyPath<SamplingParameters, Value>) {
            if let value { parameters[keyPath: path] = value }
        }
        take(temperature, \.temperature)
        take(topP, \.topP)
        take(topK, \.topK)
        take(minP, \.minP)
        take(typicalP, \.typicalP)
        take(presencePenalty, \.presencePenalty)
        take(frequencyPenalty, \.frequencyPenalty)
        take(penaltyDecay, \.penaltyDecay)
        for (name, bias) in logitBias ?? [:] {
            guard let token = Int(name), (0..<vocabularySize).contains(token) else {
                throw APIError.invalid(
                    "logit_bias", "“\(name)” is not a token of this model; ids are from 0 to \(vocabularySize - 1)")
            }
            guard (-100...100).contains(bias) else {
                throw APIError.invalid(
                    "logit_bias", "the bias of token \(token) is \(bias); it must be from -100 to 100")
            }
            // As OpenAI documents it, -100 is a ban.
            if bias == -100 { parameters.bannedTokens.insert(token) } else { parameters.logitBias[token] = Float(bias) }
        }
        do {
            parameters = try parameters.validated()
        } catch {
            throw APIError(sampling: error)
        }
        return (0..<count).map { index in
            var own = parameters
            own.seed = seed.map { UInt64(bitPattern: Int64($0)) &+ UInt64(index) }
            return own
        }
    }

    /// The texts that end an answer.
    func stopStrings() throws -> [String] {
        let texts = stop?.values ?? []
        if texts.count > 16 {
            throw APIError.invalid("stop", "there are \(texts.count) texts in stop; at most 16 may be")
        }
        if texts.contains("") { throw APIError.invalid("stop", "a text in stop is empty") }
        return texts
    }

    /// How many answers are asked for.
    func answerCount(limit: Int) throws -> Int {
        let count = n ?? 1
        guard (1...limit).contains(count) else {
            throw APIError.invalid("n", "n is \(count); it must be from 1 to \(limit)")
        }
        return count
    }
}

// Apart, so that there is an initialiser without any of them, too.
extension SamplingFields {
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        temperature = try values.field(Double.self, .temperature)
        topP = try values.field(Double.self, .topP)
        topK = try values.field(Int.self, .topK)
        minP = try values.field(Double.self, .minP)
        typicalP = try values.field(Double.self, .typicalP)
        presencePenalty = try values.field(Double.self, .presencePenalty)
        frequencyPenalty = try values.field(Double.self, .frequencyPenalty)
        penaltyDecay = try values.field(Double.self, .penaltyDecay)
        logitBias = try values.field([String: Double].self, .logitBias)
        seed = try values.field(Int.self, .seed)
        n = try values.field(Int.self, .n)
        stop = try values.field(OneOrMany<String>.self, .stop)
    }
}

/// A value, or a list of them.
struct OneOrMany<Value: Decodable & Sendable>: Decodable, Sendable {
    let values: [Value]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let one = try container.attempt(Value.self) {
            values = [one]
        } else {
            values = try container.decode([Value].self)
        }
    }
}

/// What is wanted of a stream besides its text.
struct StreamOptions: Decodable {
    let includeUsage: Bool?

    enum CodingKeys: String, CodingKey { case includeUsage = "include_usage" }
}

/// How many tokens a request took.
struct Usage: Codable, Equatable {
    struct PromptDetails: Codable, Equatable {
        /// The tokens that did not have to be read because their state was kept.
        let cachedTokens: Int

        enum CodingKeys: String, CodingKey { case cachedTokens = "cached_tokens" }
    }

    let promptTokens: Int
    let completionTokens: Int
    let totalTokens: Int
    let promptTokensDetails: PromptDetails

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
        case promptTokensDetails = "prompt_tokens_details"
    }

    init(prompt: Int, completion: Int, cached: Int) {
        promptTokens = prompt
        completionTokens = completion
        totalTokens = prompt + completion
        promptTokensDetails = PromptDetails(cachedTokens: cached)
    }
}
