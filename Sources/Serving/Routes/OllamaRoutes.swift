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
        let sampling = body.options?.sampling ?? SamplingFields()
        let answers = try sampling.parameters(answers: 1, vocabularySize: loaded.model.configuration.vocabularySize)
        var request = await core.request(
            loaded, tokens: tokens, answers: answers, streamed: body.stream ?? true, client: client,
            owner: owner)
        request.boundaries = boundaries
        // −1 and −2 mean as many as there may be.
        let length = body.options?.numPredict.map { $0 < 0 ? core.settings.answerLimit : $0 }
        request.maximumTokens = try core.answerLength(
            length, default: core.settings.defaultAnswer, param: "options.num_predict")
        request.stopStrings = format.stopStrings + (sampling.stop?.values ?? [])
        request.constraint = try grammar.map { try GrammarConstraint(loaded.machine($0)) }
        return (request, format)
    }
}

extension Duration {
    fileprivate var nanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
