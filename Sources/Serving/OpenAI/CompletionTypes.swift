internal import Generation
internal import Tokenizers

/// `POST /v1/completions`.
struct CompletionRequest: Decodable {
    let model: String?
    let prompt: Prompt?
    let maxTokens: Int?
    let stream: Bool?
    let streamOptions: StreamOptions?
    let echo: Bool?
    let logprobs: Int?
    let bestOf: Int?
    let suffix: String?
    /// A grammar that the text must follow, in GBNF; this server's own.
    let grammar: String?
    let sampling: SamplingFields

    enum CodingKeys: String, CodingKey {
        case model, prompt, stream, echo, logprobs, suffix, grammar
        case maxTokens = "max_tokens"
        case streamOptions = "stream_options"
        case bestOf = "best_of"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        model = try values.field(String.self, .model)
        prompt = try values.field(Prompt.self, .prompt)
        maxTokens = try values.field(Int.self, .maxTokens)
        stream = try values.field(Bool.self, .stream)
        streamOptions = try values.field(StreamOptions.self, .streamOptions)
        echo = try values.field(Bool.self, .echo)
        logprobs = try values.field(Int.self, .logprobs)
        bestOf = try values.field(Int.self, .bestOf)
        suffix = try values.field(String.self, .suffix)
        grammar = try values.field(String.self, .grammar)
        sampling = try SamplingFields(from: decoder)
    }

    /// What the text begins with: texts or tokens, one or several.
    enum Prompt: Decodable {
        case texts([String])
        case tokens([[TokenID]])

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try value.attempt(String.self) {
                self = .texts([text])
            } else if let texts = try value.attempt([String].self) {
                self = .texts(texts)
            } else if let tokens = try value.attempt([TokenID].self) {
                self = .tokens([tokens])
            } else if let lists = try value.attempt([[TokenID]].self) {
                self = .tokens(lists)
            } else {
                let name = decoder.codingPath.last?.stringValue ?? "prompt"
                throw DecodingError.dataCorruptedError(
                    in: value,
                    debugDescription:
                        "“\(name)” must be a text, a list of texts, a list of tokens or a list of such lists")
            }
        }
    }
}

/// The answer to a completion, or a piece of it.
struct CompletionResponse: Encodable {
    struct Choice: Encodable {
        let index: Int
        let text: String
        let logprobs: CompletionLogprobs?
        let finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, text, logprobs
            case finishReason = "finish_reason"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(index, forKey: .index)
            try values.encode(text, forKey: .text)
            // Null, not left out, where there is nothing yet.
            try values.encode(logprobs, forKey: .logprobs)
            try values.encode(finishReason, forKey: .finishReason)
        }
    }

    let id: String
    let object = "text_completion"
    let created: Int
    let model: String
    let choices: [Choice]
    let usage: Usage?
}

/// Log probabilities in the form of `/v1/completions`: lists with one element per token.
struct CompletionLogprobs: Encodable {
    var tokens: [String] = []
    var tokenLogprobs: [Double?] = []
    var topLogprobs: [[String: Double]?] = []
    var textOffset: [Int] = []

    enum CodingKeys: String, CodingKey {
        case tokens
        case tokenLogprobs = "token_logprobs"
        case topLogprobs = "top_logprobs"
        case textOffset = "text_offset"
    }

    /// Adds a token.
    /// - Parameters:
    ///   - report: What the model thought of it; `nil` for the first token of a text.
    ///   - offset: Where it begins in the text, in characters.
    mutating func add(_ token: TokenID, _ report: TokenLogProbabilities?, offset: Int, _ tokenizer: any Tokenizer) {
        tokens.append(TokenText.name(of: token, tokenizer))
        tokenLogprobs.append(report.map { TokenText.finite($0.chosen.logProbability) })
        topLogprobs.append(
            report.map { report in
                // Several tokens may have one name; the most probable counts.
                Dictionary(
                    report.best.map {
                        (TokenText.name(of: TokenID($0.token), tokenizer), TokenText.finite($0.logProbability))
                    }
                ) { first, _ in first }
            })
        textOffset.append(offset)
    }
}

/// Tokens as texts.
enum TokenText {
    /// A token's text, or `bytes:\x…` if it is a part of a character only, as OpenAI writes it.
    static func name(of token: TokenID, _ tokenizer: any Tokenizer) -> String {
        let bytes = tokenizer.bytes(of: token) ?? []
        if let text = String(validating: bytes, as: UTF8.self), !bytes.isEmpty { return text }
        if bytes.isEmpty { return "<|\(token)|>" }
        return "bytes:" + bytes.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// JSON has no −∞.
    static func finite(_ value: Double) -> Double { max(value, -9999) }
}

/// What ended an answer, in OpenAI's words.
func finishName(_ reason: FinishReason) -> String {
    if case .length = reason { "length" } else { "stop" }
}
