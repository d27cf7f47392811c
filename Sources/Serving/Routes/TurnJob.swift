internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import StateStore
internal import Tokenizers

/// An answer in a conversation that the server keeps.
///
/// The user's message is on disk before the answer begins, and the answer before its end is told. If the client leaves,
/// what there is of the answer is kept.
struct TurnJob: Sendable {
    private let core: ServerCore
    private let store: StateStore
    private let id: String
    private let owner: String
    private let loaded: LoadedModel
    private let permit: Permit

    /// Finds the conversation's model and asks whether the key may go on, before anything is written.
    static func prepared(
        _ core: ServerCore, _ store: StateStore, _ id: String, _ owner: String, _ key: APIKeys.Entry?
    ) async throws -> TurnJob {
        let record = try await offThread { try store.conversation(id, owner: owner) }
        let (_, loaded) = try await core.shelf.model(record.model)
        let permit = try Permit(core.settings.keys, key)
        return TurnJob(core: core, store: store, id: id, owner: owner, loaded: loaded, permit: permit)
    }

    private struct Token: Encodable {
        let text: String
        let logprob: Double
        let top: [Alternative]
    }

    private struct Alternative: Encodable {
        let text: String
        let logprob: Double
    }

    /// What a stream tells: the message that was said, pieces of the answer, the answer as it was kept.
    private struct Event: Encodable {
        var type: String
        var message: StateStore.MessageRecord?
        var text: String?
        var token: Token?
        var finishReason: String?
        var usage: Usage?

        enum CodingKeys: String, CodingKey {
            case type, message, text, token, usage
            case finishReason = "finish_reason"
        }
    }

    private struct Whole: Encodable {
        let user: StateStore.MessageRecord
        let message: StateStore.MessageRecord
        let finishReason: String
        let usage: Usage

        enum CodingKeys: String, CodingKey {
            case user, message, usage
            case finishReason = "finish_reason"
        }
    }

    /// Answers a message of the user.
    /// - Parameter said: Whether it has just been said.
    func answer(
        _ user: StateStore.MessageRecord, _ body: TurnRequest, said: Bool, _ connection: ClientConnection
    ) async throws -> Response {
        try await APIError.naming(prompt: "content") { try await reply(to: user, body, said: said, connection) }
    }

    private func reply(
        to user: StateStore.MessageRecord, _ body: TurnRequest, said: Bool, _ connection: ClientConnection
    ) async throws -> Response {
        let client = CancellationFlag()
        let (request, format) = try await self.request(user, body, client)
        let events = try core.engine.submit(request)
        if body.stream == true {
            return .stream(contentType: "text/event-stream") { writer in
                try await connection.watching(client) {
                    do {
                        try await writer.event(Event(type: said ? "user" : "regenerate", message: user))
                        let whole = try await collect(events, user, format) { text, token in
                            try await writer.event(Event(type: "text", text: text, token: token))
                        }
                        try await writer.event(
                            Event(
                                type: "assistant", message: whole.message, finishReason: whole.finishReason,
                                usage: whole.usage))
                        try await writer.done()
                    } catch {
                        try await writer.failed(error, prompt: "content")
                    }
                }
            }
        }
        let whole = try await connection.watching(client) { try await collect(events, user, format) { _, _ in } }
        return try Response.json(whole)
    }

    private func collect(
        _ events: AsyncThrowingStream<GenerationEvent, any Error>, _ user: StateStore.MessageRecord,
        _ format: ChatFormat, _ show: (String, Token?) async throws -> Void
    ) async throws -> Whole {
        var text = format.opening
        var (read, cached, written) = (0, 0, 0)
        var finish = "stop"
        var failure: (any Error)?
        do {
            if !text.isEmpty { try await show(text, nil) }
            for try await event in events {
                switch event {
                case .read(let report): (read, cached) = (report.tokenCount, report.cachedCount)
                case .wrote(_, let tokens):
                    written += tokens.count { $0.token != nil }
                    // With probabilities, each token by itself.
                    let pieces = tokens.contains { $0.logProbabilities != nil } ? tokens.map { [$0] } : [tokens]
                    for tokens in pieces {
                        // The blank after "Assistant:" belongs to the format.
                        let isFirst = text.isEmpty && format.kind != .plain
                        let piece = isFirst ? String(tokens.text.drop { $0 == " " }) : tokens.text
                        text += piece
                        let report = tokens.first?.logProbabilities
                        if !piece.isEmpty || report != nil { try await show(piece, report.map(token)) }
                    }
                case .ended(_, let end): finish = finishName(end.reason)
                }
            }
        } catch {
            failure = error
        }
        permit.use(read - cached + written)
        if let failure, text == format.opening { throw failure }
        let content = text
        let message = try await offThread { [store, id, owner] in
            try store.append(ChatMessage(.assistant, content), after: user.id, in: id, owner: owner)
        }
        if let failure { throw failure }
        return Whole(
            user: user, message: message, finishReason: finish,
            usage: Usage(prompt: read, completion: written, cached: cached))
    }

    private func token(_ report: TokenLogProbabilities) -> Token {
        func name(_ id: Int) -> String { TokenText.name(of: TokenID(id), loaded.tokenizer) }
        return Token(
            text: name(report.chosen.token), logprob: TokenText.finite(report.chosen.logProbability),
            top: report.best.map { Alternative(text: name($0.token), logprob: TokenText.finite($0.logProbability)) })
    }

    private func request(
        _ user: StateStore.MessageRecord, _ body: TurnRequest, _ client: CancellationFlag
    ) async throws -> (GenerationRequest, ChatFormat) {
        let path = try await offThread { [store, id, owner] in try store.path(to: user.id, in: id, owner: owner) }
        var format = loaded.template
        format.thinking = try ChatJob.thinking(body.reasoningEffort, format, isConstrained: false)
        let (tokens, boundaries) = format.tokens(path.map(\.message), loaded.tokenizer)
        guard !tokens.isEmpty else { throw APIError.invalid("content", "there is nothing to answer") }
        let answers = try body.sampling.parameters(
            answers: 1, vocabularySize: loaded.model.configuration.vocabularySize)
        var request = await core.request(
            loaded, tokens: tokens, answers: answers, streamed: body.stream == true, client: client,
            owner: owner)
        request.boundaries = boundaries
        request.maximumTokens = try core.answerLength(
            body.maxTokens, default: core.settings.defaultAnswer, param: "max_tokens")
        request.stopStrings = format.stopStrings + (try body.sampling.stopStrings())
        if let count = body.topLogprobs {
            guard (0...20).contains(count) else {
                throw APIError.invalid("top_logprobs", "top_logprobs is \(count); it must be from 0 to 20")
            }
            request.logProbabilityCount = count
        }
        return (request, format)
    }
}
