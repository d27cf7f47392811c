internal import Generation
internal import Tokenizers

/// `POST /v1/chat/completions`.
struct ChatRequest: Decodable {
    let model: String?
    let messages: [Message]
    let maxTokens: Int?
    let maxCompletionTokens: Int?
    let stream: Bool?
    let streamOptions: StreamOptions?
    let logprobs: Bool?
    let topLogprobs: Int?
    let responseFormat: ResponseFormat?
    let tools: [Tool]?
    let toolChoice: ToolChoice?
    let reasoningEffort: String?
    let modalities: [String]?
    /// The older form of `tools`.
    let functions: [JSONValue]?
    /// A grammar that the answer must follow, in GBNF; this server's own.
    let grammar: String?
    let sampling: SamplingFields

    enum CodingKeys: String, CodingKey {
        case model, messages, stream, logprobs, tools, modalities, functions, grammar
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
        case streamOptions = "stream_options"
        case topLogprobs = "top_logprobs"
        case responseFormat = "response_format"
        case toolChoice = "tool_choice"
        case reasoningEffort = "reasoning_effort"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        model = try values.field(String.self, .model)
        messages = try values.requiredField([Message].self, .messages)
        maxTokens = try values.field(Int.self, .maxTokens)
        maxCompletionTokens = try values.field(Int.self, .maxCompletionTokens)
        stream = try values.field(Bool.self, .stream)
        streamOptions = try values.field(StreamOptions.self, .streamOptions)
        logprobs = try values.field(Bool.self, .logprobs)
        topLogprobs = try values.field(Int.self, .topLogprobs)
        responseFormat = try values.field(ResponseFormat.self, .responseFormat)
        tools = try values.field([Tool].self, .tools)
        toolChoice = try values.field(ToolChoice.self, .toolChoice)
        reasoningEffort = try values.field(String.self, .reasoningEffort)
        modalities = try values.field([String].self, .modalities)
        functions = try values.field([JSONValue].self, .functions)
        grammar = try values.field(String.self, .grammar)
        sampling = try SamplingFields(from: decoder)
    }

    struct Message: Decodable {
        let role: String
        let content: Content?
        let toolCalls: [ToolCall]?

        enum CodingKeys: String, CodingKey {
            case role, content
            case toolCalls = "tool_calls"
        }
    }

    /// A text, or parts of which each is a text.
    enum Content: Decodable {
        case text(String)

        private struct Part: Decodable {
            let type: String
            let text: String?
        }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try value.attempt(String.self) {
                self = .text(text)
                return
            }
            let parts = try value.decode([Part].self)
            if let other = parts.first(where: { $0.type != "text" || $0.text == nil }) {
                throw DecodingError.dataCorruptedError(
                    in: value, debugDescription: "a part of type “\(other.type)” cannot be read; this server reads text"
                )
            }
            self = .text(parts.compactMap(\.text).joined(separator: "\n"))
        }

        var text: String {
            switch self {
            case .text(let text): text
            }
        }
    }

    /// What the answer must be like.
    struct ResponseFormat: Decodable {
        struct Schema: Decodable {
            let name: String?
            let schema: JSONValue?
        }

        let type: String
        let jsonSchema: Schema?

        enum CodingKeys: String, CodingKey {
            case type
            case jsonSchema = "json_schema"
        }
    }

    /// A function that the model may call.
    struct Tool: Decodable {
        struct Function: Codable {
            let name: String
            let description: String?
            let parameters: JSONValue?
        }

        let type: String
        let function: Function
    }

    enum ToolChoice: Decodable {
        case none, auto, required
        case function(String)

        private struct Named: Decodable {
            struct Function: Decodable { let name: String }
            let function: Function
        }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let name = try? value.decode(String.self) {
                switch name {
                case "none": self = .none
                case "auto": self = .auto
                case "required": self = .required
                default:
                    throw DecodingError.dataCorruptedError(
                        in: value, debugDescription: "“\(name)” is not none, auto, required or a function")
                }
            } else {
                self = .function(try value.decode(Named.self).function.name)
            }
        }
    }
}

/// A call of a function, in a message of the assistant.
struct ToolCall: Codable, Equatable {
    struct Function: Codable, Equatable {
        let name: String
        /// JSON as text.
        let arguments: String
    }

    let id: String?
    let type: String?
    let function: Function
}

/// The answer of a chat.
struct ChatResponse: Encodable {
    struct Message: Encodable {
        let role = "assistant"
        let content: String?
        let reasoningContent: String?
        let toolCalls: [ToolCall]?

        enum CodingKeys: String, CodingKey {
            case role, content
            case reasoningContent = "reasoning_content"
            case toolCalls = "tool_calls"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(role, forKey: .role)
            try values.encode(content, forKey: .content)
            try values.encodeIfPresent(reasoningContent, forKey: .reasoningContent)
            try values.encodeIfPresent(toolCalls, forKey: .toolCalls)
        }
    }

    struct Choice: Encodable {
        let index: Int
        let message: Message
        let logprobs: ChatLogprobs?
        let finishReason: String

        enum CodingKeys: String, CodingKey {
            case index, message, logprobs
            case finishReason = "finish_reason"
        }
    }

    let id: String
    let object = "chat.completion"
    let created: Int
    let model: String
    let choices: [Choice]
    let usage: Usage
}

/// A piece of a streamed answer of a chat.
struct ChatChunk: Encodable {
    struct Delta: Encodable {
        var role: String?
        var content: String?
        var reasoningContent: String?
        var toolCalls: [IndexedToolCall]?

        enum CodingKeys: String, CodingKey {
            case role, content
            case reasoningContent = "reasoning_content"
            case toolCalls = "tool_calls"
        }
    }

    struct IndexedToolCall: Encodable {
        let index: Int
        let id: String?
        let type: String?
        let function: ToolCall.Function
    }

    struct Choice: Encodable {
        let index: Int
        let delta: Delta
        let logprobs: ChatLogprobs?
        let finishReason: String?

        enum CodingKeys: String, CodingKey {
            case index, delta, logprobs
            case finishReason = "finish_reason"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(index, forKey: .index)
            try values.encode(delta, forKey: .delta)
            try values.encodeIfPresent(logprobs, forKey: .logprobs)
            try values.encode(finishReason, forKey: .finishReason)
        }
    }

    let id: String
    let object = "chat.completion.chunk"
    let created: Int
    let model: String
    let choices: [Choice]
    let usage: Usage?
}

/// Log probabilities in the form of chats: one element per token.
struct ChatLogprobs: Encodable {
    struct Token: Encodable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
    }

    struct Content: Encodable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
        let topLogprobs: [Token]

        enum CodingKeys: String, CodingKey {
            case token, logprob, bytes
            case topLogprobs = "top_logprobs"
        }
    }

    var content: [Content] = []

    mutating func add(_ report: TokenLogProbabilities, _ tokenizer: any Tokenizer) {
        func token(_ found: TokenLogProbability) -> Token {
            let id = TokenID(found.token)
            return Token(
                token: TokenText.name(of: id, tokenizer), logprob: TokenText.finite(found.logProbability),
                bytes: tokenizer.bytes(of: id) ?? [])
        }
        let chosen = token(report.chosen)
        content.append(
            Content(
                token: chosen.token, logprob: chosen.logprob, bytes: chosen.bytes, topLogprobs: report.best.map(token)))
    }
}
