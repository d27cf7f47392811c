internal import Foundation
internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import Tokenizers

/// Ollama's interface: `GET /api/tags`, `GET /api/version`, `POST /api/generate`, `POST /api/chat`.
///
/// `repeat_penalty`, `num_ctx` and `keep_alive` are taken and have no effect, for clients send them unasked: these models have
/// no context length, and their penalties are `presence_penalty` and `frequency_penalty`.
struct OllamaRoutes: Sendable {
    let core: ServerCore

    func add(to router: RouterGroup<ServerContext>) {
        router.get("/api/tags") { _, _ in try tags() }
        router.get("/api/version") { _, _ in try Response.json(["version": "0.1.0"]) }
        router.post("/api/generate") { request, context in
            try await answer(request, context, OllamaRequest.Kind.generate)
        }
        router.post("/api/chat") { request, context in try await answer(request, context, OllamaRequest.Kind.chat) }
    }

    private func tags() throws -> Response {
        struct Model: Encodable {
            let name: String
            let model: String
            let size = 0
            let details = ["family": "rwkv"]
        }
        struct List: Encodable { let models: [Model] }
        return try .json(List(models: core.shelf.offered.map { Model(name: $0.name, model: $0.name) }))
    }

    private func answer(
        _ incoming: Request, _ context: ServerContext, _ kind: OllamaRequest.Kind
    ) async throws -> Response {
        try await APIError.naming(prompt: kind.promptField) { try await reply(to: incoming, context, kind) }
    }

    private func reply(
        to incoming: Request, _ context: ServerContext, _ kind: OllamaRequest.Kind
    ) async throws -> Response {
        var incoming = incoming
        let body = try await incoming.decode(OllamaRequest.self, limit: core.settings.bodyLimit)
        // Ollama's names end in ":latest" where nothing else is said.
        let name = body.model.map { $0.hasSuffix(":latest") ? String($0.dropLast(7)) : $0 }
        let (found, loaded) = try await core.shelf.model(name)
        let permit = try Permit(core.settings.keys, context.key)
        let client = CancellationFlag()
        let (request, format) = try await self.request(body, kind, loaded, client, owner: context.owner)
        let events = try core.engine.submit(request)
        let began = ContinuousClock.now
        let connection = context.connection
        if body.stream ?? true {
            return .stream(contentType: "application/x-ndjson") { writer in
                try await connection.watching(client) {
                    do {
                        let end = try await collect(events, found, kind, format, began, permit) { thoughts, text in
                            try await writer.line(OllamaAnswer(found, kind, text, thoughts))
                        }
                        try await writer.line(end.withoutText)
                    } catch {
                        try await writer.line(["error": APIError(error, prompt: kind.promptField).message])
                    }
                }
            }
        }
        let whole = try await connection.watching(client) {
            try await collect(events, found, kind, format, began, permit) { _, _ in }
        }
        return try Response.json(whole)
    }

    private func collect(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ name: String, _ kind: OllamaRequest.Kind,
        _ format: ChatFormat, _ began: ContinuousClock.Instant, _ permit: Permit,
        _ show: (String, String) async throws -> Void
    ) async throws -> OllamaAnswer {
        var splitter = AnswerSplitter(format.thinking)
        var answer = OllamaAnswer(name, kind, "", "")
        var (text, thoughts) = ("", "")
        var readAt = began
        for try await event in events {
            switch event {
            case .read(let report):
                readAt = .now
                answer.promptEvalCount = report.tokenCount
                answer.promptEvalDuration = (readAt - began).nanoseconds
                permit.use(report.tokenCount - report.cachedCount)
            case .wrote(_, let tokens):
                permit.use(tokens.count { $0.token != nil })
                let piece = tokens.text
                // A plain text is shown as it is; only chats have a blank to be dropped.
                let (newThoughts, newText) =
                    format.kind == .plain ? ("", piece) : splitter.append(piece)
                text += newText
                thoughts += newThoughts
                if !newText.isEmpty || !newThoughts.isEmpty { try await show(newThoughts, newText) }
            case .ended(_, let end):
                answer.evalCount = end.tokens.count
                answer.evalDuration = (ContinuousClock.now - readAt).nanoseconds
                answer.totalDuration = (ContinuousClock.now - began).nanoseconds
                answer.doneReason = finishName(end.reason)
                answer.done = true
            }
        }
        answer.set(text, thoughts, kind)
        return answer
    }

    private func request(
        _ body: OllamaRequest, _ kind: OllamaRequest.Kind, _ loaded: LoadedModel, _ client: CancellationFlag,
        owner: String
    ) async throws -> (GenerationRequest, ChatFormat) {
        let grammar = try body.grammar()
        var format = loaded.template
        let thinks = body.think.map { $0 ? "medium" : "none" }
        format.thinking = try ChatJob.thinking(thinks, format, isConstrained: grammar != nil)
        let tokens: [TokenID]
        var boundaries: [Int] = []
        if kind == .generate, body.raw == true || format.kind == .plain {
            format = ChatFormat(.plain)
            tokens = Generator.promptTokens((body.system ?? "") + (body.prompt ?? ""), loaded.tokenizer)
        } else {
            var messages = body.system.map { [ChatMessage(.system, $0)] } ?? []
            if kind == .generate {
                messages.append(ChatMessage(.user, body.prompt ?? ""))
            } else {
                for (index, message) in (body.messages ?? []).enumerated() {
                    guard let role = ChatMessage.Role(rawValue: message.role == "tool" ? "user" : message.role) else {
                        throw APIError.invalid("messages.[\(index)].role", "“\(message.role)” is no role")
                    }
                    messages.append(ChatMessage(role, message.content))
                }
            }
            guard !messages.isEmpty else { throw APIError.invalid("messages", "there are no messages") }
            (tokens, boundaries) = format.tokens(messages, loaded.tokenizer)
        }
        let options = body.options ?? OllamaRequest.Options()
        let answers = try options.sampling().parameters(
            answers: 1, vocabularySize: loaded.model.configuration.vocabularySize)
        var request = await core.request(
            loaded, tokens: tokens, answers: answers, streamed: body.stream ?? true, client: client,
            owner: owner)
        request.boundaries = boundaries
        // −1 and −2 mean as many as there may be.
        let length = options.numPredict.map { $0 < 0 ? core.settings.answerLimit : $0 }
        request.maximumTokens = try core.answerLength(
            length, default: core.settings.defaultAnswer, param: "options.num_predict")
        request.stopStrings = format.stopStrings + (options.stop?.values ?? [])
        request.constraint = try grammar.map { try GrammarConstraint(loaded.machine($0)) }
        return (request, format)
    }
}

/// A request in Ollama's form.
struct OllamaRequest: Decodable {
    enum Kind {
        case generate, chat

        /// The field that the prompt comes in.
        var promptField: String {
            switch self {
            case .generate: "prompt"
            case .chat: "messages"
            }
        }
    }

    struct Message: Decodable {
        let role: String
        let content: String
    }

    struct Options: Decodable {
        var temperature: Double?
        var topP: Double?
        var topK: Int?
        var minP: Double?
        var typicalP: Double?
        var presencePenalty: Double?
        var frequencyPenalty: Double?
        var seed: Int?
        var numPredict: Int?
        var stop: OneOrMany<String>?

        enum CodingKeys: String, CodingKey {
            case temperature, seed, stop
            case topP = "top_p"
            case topK = "top_k"
            case minP = "min_p"
            case typicalP = "typical_p"
            case presencePenalty = "presence_penalty"
            case frequencyPenalty = "frequency_penalty"
            case numPredict = "num_predict"
        }

        func sampling() -> SamplingFields {
            SamplingFields(
                temperature: temperature, topP: topP, topK: topK, minP: minP, typicalP: typicalP,
                presencePenalty: presencePenalty, frequencyPenalty: frequencyPenalty, penaltyDecay: nil,
                logitBias: nil, seed: seed, n: nil, stop: stop)
        }
    }

    let model: String?
    let prompt: String?
    let system: String?
    let messages: [Message]?
    let stream: Bool?
    let raw: Bool?
    let think: Bool?
    let format: JSONValue?
    let options: Options?

    /// What the answer must follow: `"json"`, or a schema.
    func grammar() throws(GrammarError) -> Grammar? {
        switch format {
        case nil, .null?, .string("")?: nil
        case .string("json")?: Grammar.jsonObject.afterBlank
        case let schema?: try Grammar(jsonSchema: schema).afterBlank
        }
    }
}

extension OllamaRequest.Options {
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        temperature = try values.field(Double.self, .temperature)
        topP = try values.field(Double.self, .topP)
        topK = try values.field(Int.self, .topK)
        minP = try values.field(Double.self, .minP)
        typicalP = try values.field(Double.self, .typicalP)
        presencePenalty = try values.field(Double.self, .presencePenalty)
        frequencyPenalty = try values.field(Double.self, .frequencyPenalty)
        seed = try values.field(Int.self, .seed)
        numPredict = try values.field(Int.self, .numPredict)
        stop = try values.field(OneOrMany<String>.self, .stop)
    }
}

/// An answer in Ollama's form, or a piece of it.
struct OllamaAnswer: Encodable, Sendable {
    struct Message: Encodable {
        let role = "assistant"
        let content: String
        let thinking: String?
    }

    let model: String
    let createdAt: String
    private var response: String?
    private var thinking: String?
    private var message: Message?
    var done = false
    var doneReason: String?
    var totalDuration: Int64?
    var promptEvalCount: Int?
    var promptEvalDuration: Int64?
    var evalCount: Int?
    var evalDuration: Int64?

    enum CodingKeys: String, CodingKey {
        case model, response, thinking, message, done
        case createdAt = "created_at"
        case doneReason = "done_reason"
        case totalDuration = "total_duration"
        case promptEvalCount = "prompt_eval_count"
        case promptEvalDuration = "prompt_eval_duration"
        case evalCount = "eval_count"
        case evalDuration = "eval_duration"
    }

    init(_ model: String, _ kind: OllamaRequest.Kind, _ text: String, _ thoughts: String) {
        self.model = model
        createdAt = Date().formatted(.iso8601)
        set(text, thoughts, kind)
    }

    mutating func set(_ text: String, _ thoughts: String, _ kind: OllamaRequest.Kind) {
        let found = thoughts.isEmpty ? nil : thoughts
        switch kind {
        case .generate: (response, thinking) = (text, found)
        case .chat: message = Message(content: text, thinking: found)
        }
    }

    /// The last line of a stream, whose text was sent before.
    var withoutText: OllamaAnswer {
        var last = self
        last.set("", "", message == nil ? .generate : .chat)
        return last
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
