internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import Tokenizers

/// `POST /v1/chat/completions`.
struct ChatRoute {
    let core: ServerCore

    func callAsFunction(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        try await APIError.naming(prompt: "messages") { try await answer(incoming, context) }
    }

    private func answer(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let request = try await incoming.decode(ChatRequest.self, limit: core.settings.bodyLimit)
        try check(request)
        let (name, loaded) = try await core.shelf.model(request.model)
        let permit = try Permit(core.settings.keys, context.key)
        let client = CancellationFlag()
        let job = try await ChatJob(request, name, loaded, core, client, owner: context.owner)
        let events = try core.engine.submit(job.request)
        let connection = context.connection
        if request.stream == true {
            return .stream(contentType: "text/event-stream") { writer in
                try await connection.watching(client) { try await job.stream(events, permit, to: &writer) }
            }
        }
        let answer = try await connection.watching(client) { try await job.collect(events, permit) }
        return try Response.json(answer)
    }

    /// What OpenAI's chats can and these models cannot.
    private func check(_ request: ChatRequest) throws {
        if let other = request.modalities?.first(where: { $0 != "text" }) {
            throw APIError.invalid("modalities", "“\(other)” is not supported: these models write text only")
        }
        if request.functions?.isEmpty == false {
            throw APIError.invalid("functions", "functions is not supported: name them in tools")
        }
    }
}

/// An answer in a chat being made.
struct ChatJob: Sendable {
    let request: GenerationRequest
    private let id = newID("chatcmpl-")
    private let created = unixTime()
    private let name: String
    private let tokenizer: any Tokenizer
    private let format: ChatFormat
    private let reportsLogprobs: Bool
    private let includesUsage: Bool
    /// The names of tools that may be called.
    private let tools: Set<String>

    init(
        _ request: ChatRequest, _ name: String, _ loaded: LoadedModel, _ core: ServerCore, _ client: CancellationFlag,
        owner: String
    ) async throws {
        self.name = name
        tokenizer = loaded.tokenizer
        reportsLogprobs = request.logprobs ?? false
        includesUsage = request.streamOptions?.includeUsage ?? false
        let count = try request.sampling.answerCount(limit: core.settings.engine.answers)
        let names = request.tools?.map(\.function.name) ?? []
        if case .none? = request.toolChoice { tools = [] } else { tools = Set(names) }
        let grammar = try Self.grammar(request, tools: request.tools ?? [])
        var format = loaded.template
        format.thinking = try Self.thinking(request.reasoningEffort, format, isConstrained: grammar != nil)
        self.format = format

        let (tokens, boundaries) = format.tokens(try ChatPrompt(request).messages, loaded.tokenizer)
        guard !tokens.isEmpty else { throw APIError.invalid("messages", "the messages are empty") }
        let answers = try request.sampling.parameters(
            answers: count, vocabularySize: loaded.model.configuration.vocabularySize)
        var made = await core.request(
            loaded, tokens: tokens, answers: answers, streamed: request.stream == true, client: client,
            owner: owner)
        made.boundaries = boundaries
        made.maximumTokens = try core.answerLength(
            request.maxCompletionTokens ?? request.maxTokens, default: core.settings.defaultAnswer,
            param: request.maxCompletionTokens == nil ? "max_tokens" : "max_completion_tokens")
        made.stopStrings = format.stopStrings + (try request.sampling.stopStrings())
        made.constraint = try grammar.map { try GrammarConstraint(loaded.machine($0)) }
        if reportsLogprobs {
            let best = request.topLogprobs ?? 0
            guard (0...20).contains(best) else {
                throw APIError.invalid("top_logprobs", "top_logprobs is \(best); it must be from 0 to 20")
            }
            made.logProbabilityCount = best
        } else if request.topLogprobs != nil {
            throw APIError.invalid("top_logprobs", "top_logprobs needs logprobs: true")
        }
        self.request = made
    }

    /// What the answer must follow; anything if `nil`.
    private static func grammar(_ request: ChatRequest, tools: [ChatRequest.Tool]) throws -> Grammar? {
        switch request.toolChoice {
        case .required?:
            guard !tools.isEmpty else { throw APIError.invalid("tool_choice", "tool_choice needs tools") }
            return try APIError.naming("tools") { try toolGrammar(tools) }
        case .function(let name)?:
            let chosen = tools.filter { $0.function.name == name }
            guard !chosen.isEmpty else {
                throw APIError.invalid("tool_choice", "there is no tool “\(name)”")
            }
            return try APIError.naming("tools") { try toolGrammar(chosen) }
        default: break
        }
        if let text = request.grammar {
            return try APIError.naming("grammar") { try Grammar(gbnf: text).afterBlank }
        }
        guard let format = request.responseFormat else { return nil }
        switch format.type {
        case "text": return nil
        case "json_object": return Grammar.jsonObject.afterBlank
        case "json_schema":
            guard let schema = format.jsonSchema?.schema else {
                throw APIError.invalid("response_format.json_schema", "json_schema needs a schema")
            }
            return try Grammar(jsonSchema: schema).afterBlank
        default:
            throw APIError.invalid(
                "response_format.type", "“\(format.type)” is not text, json_object or json_schema")
        }
    }

    /// A call of one of the tools, as a fenced block of JSON.
    private static func toolGrammar(_ tools: [ChatRequest.Tool]) throws -> Grammar {
        let calls = tools.map { tool -> JSONValue in
            .object([
                "type": .string("object"),
                "properties": .object([
                    "name": .object(["const": .string(tool.function.name)]),
                    "arguments": tool.function.parameters ?? .object(["type": .string("object")]),
                ]),
                "required": .array([.string("name"), .string("arguments")]),
            ])
        }
        // References within a tool's parameters are from their own root; they are moved along.
        let moved = calls.enumerated().map { index, call in
            call.movingReferences(to: "#/anyOf/\(index)/properties/arguments")
        }
        return try Grammar(jsonSchema: .object(["anyOf": .array(moved)])).enclosed("```json\n", "\n```").afterBlank
    }

    static func thinking(
        _ effort: String?, _ format: ChatFormat, isConstrained: Bool
    ) throws -> Thinking {
        let chosen: Thinking
        switch effort {
        case nil: chosen = format.thinking
        case "none": chosen = .off
        case "minimal": chosen = .fake
        case "low": chosen = .short
        case "medium": chosen = .on
        case "high": chosen = .long
        case let other?:
            throw APIError.invalid(
                "reasoning_effort", "“\(other)” is not none, minimal, low, medium or high")
        }
        // Other models do not think aloud, and what follows a grammar is the answer alone.
        return format.kind == .g1 && !isConstrained ? chosen : .off
    }

    /// One answer as it grows.
    private struct Growing {
        var splitter: AnswerSplitter
        var thoughts = ""
        var text = ""
        var logprobs = ChatLogprobs()
        var finish = "stop"
    }

    /// The whole answer.
    func collect(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ permit: Permit
    ) async throws -> ChatResponse {
        var answers = request.answers.map { _ in Growing(splitter: AnswerSplitter(format.thinking)) }
        var (read, written, cached) = (0, 0, 0)
        for try await event in events {
            switch event {
            case .read(let report): (read, cached) = (report.tokenCount, report.cachedCount)
            case .wrote(let index, let tokens):
                add(tokens, to: &answers[index])
                let (thoughts, text) = answers[index].splitter.append(tokens.text)
                answers[index].thoughts += thoughts
                answers[index].text += text
            case .ended(let index, let end):
                written += end.tokens.count
                answers[index].finish = finishName(end.reason)
                answers[index].thoughts += answers[index].splitter.finish().thoughts
            }
        }
        permit.use(read - cached + written)
        let choices = answers.enumerated().map { index, answer in
            let (calls, rest) = tools.isEmpty ? ([], answer.text) : ToolCallText.parse(answer.text, tools: tools)
            return ChatResponse.Choice(
                index: index,
                message: ChatResponse.Message(
                    content: calls.isEmpty ? rest : rest.isEmpty ? nil : rest,
                    reasoningContent: answer.thoughts.isEmpty ? nil : answer.thoughts,
                    toolCalls: calls.isEmpty ? nil : calls),
                logprobs: reportsLogprobs ? answer.logprobs : nil,
                finishReason: calls.isEmpty ? answer.finish : "tool_calls")
        }
        return ChatResponse(
            id: id, created: created, model: name, choices: choices,
            usage: Usage(prompt: read, completion: written, cached: cached))
    }

    /// The answer in pieces, as server-sent events.
    ///
    /// With tools the text comes at the end: whether it is a call is known only then.
    func stream(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ permit: Permit,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var answers = request.answers.map { _ in Growing(splitter: AnswerSplitter(format.thinking)) }
        var (read, written, cached) = (0, 0, 0)
        do {
            for index in answers.indices {
                try await writer.event(chunk(index, ChatChunk.Delta(role: "assistant", content: "")))
            }
            for try await event in events {
                switch event {
                case .read(let report):
                    (read, cached) = (report.tokenCount, report.cachedCount)
                    permit.use(read - cached)
                case .wrote(let index, let tokens):
                    permit.use(tokens.count { $0.token != nil })
                    add(tokens, to: &answers[index])
                    let (thoughts, text) = answers[index].splitter.append(tokens.text)
                    answers[index].text += text
                    if !thoughts.isEmpty {
                        try await writer.event(chunk(index, ChatChunk.Delta(reasoningContent: thoughts)))
                    }
                    if !text.isEmpty && tools.isEmpty {
                        let found = answers[index].logprobs
                        answers[index].logprobs = ChatLogprobs()
                        try await writer.event(chunk(index, ChatChunk.Delta(content: text), found))
                    }
                case .ended(let index, let end):
                    written += end.tokens.count
                    let rest = answers[index].splitter.finish().thoughts
                    if !rest.isEmpty { try await writer.event(chunk(index, ChatChunk.Delta(reasoningContent: rest))) }
                    var finish = finishName(end.reason)
                    if !tools.isEmpty {
                        let (calls, text) = ToolCallText.parse(answers[index].text, tools: tools)
                        if !text.isEmpty { try await writer.event(chunk(index, ChatChunk.Delta(content: text))) }
                        if !calls.isEmpty {
                            finish = "tool_calls"
                            let indexed = calls.enumerated().map {
                                ChatChunk.IndexedToolCall(
                                    index: $0, id: $1.id, type: $1.type, function: $1.function)
                            }
                            try await writer.event(chunk(index, ChatChunk.Delta(toolCalls: indexed)))
                        }
                    }
                    try await writer.event(chunk(index, ChatChunk.Delta(), nil, finish))
                }
            }
            if includesUsage {
                let usage = Usage(prompt: read, completion: written, cached: cached)
                try await writer.event(
                    ChatChunk(id: id, created: created, model: name, choices: [], usage: usage))
            }
            try await writer.done()
        } catch {
            try await writer.failed(error, prompt: "messages")
        }
    }

    private func add(_ tokens: [WrittenToken], to answer: inout Growing) {
        guard reportsLogprobs else { return }
        for case let report? in tokens.map(\.logProbabilities) { answer.logprobs.add(report, tokenizer) }
    }

    private func chunk(
        _ index: Int, _ delta: ChatChunk.Delta, _ logprobs: ChatLogprobs? = nil, _ finish: String? = nil
    ) -> ChatChunk {
        let choice = ChatChunk.Choice(
            index: index, delta: delta, logprobs: reportsLogprobs ? logprobs : nil, finishReason: finish)
        return ChatChunk(id: id, created: created, model: name, choices: [choice], usage: nil)
    }
}

extension JSONValue {
    /// The schema with its references, which are from its own root, made references from a larger one's.
    func movingReferences(to root: String) -> JSONValue {
        switch self {
        case .object(let fields):
            .object(
                Dictionary(
                    uniqueKeysWithValues: fields.map { key, value in
                        if key == "$ref", case .string(let path) = value, path.hasPrefix("#") {
                            (key, .string(root + path.dropFirst()))
                        } else {
                            (key, value.movingReferences(to: root))
                        }
                    }))
        case .array(let items): .array(items.map { $0.movingReferences(to: root) })
        default: self
        }
    }
}
