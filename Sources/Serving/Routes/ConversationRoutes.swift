internal import Foundation
internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import NIOCore
internal import StateStore
internal import Tokenizers

/// `/v1/conversations`: conversations that the server keeps, as trees.
///
/// | | |
/// |---|---|
/// | `POST /v1/conversations` | begin one: `model`, `title`, `system` |
/// | `GET /v1/conversations` | the caller's, the latest first |
/// | `GET /v1/conversations/ID` | one with all its messages |
/// | `PATCH /v1/conversations/ID` | `title`; `current`: the message from which it goes on (rewind, fork), null for the beginning |
/// | `DELETE /v1/conversations/ID` | remove it |
/// | `POST …/ID/messages` | say `content` after `parent` (the current message by default), and be answered |
/// | `POST …/ID/regenerate` | another answer to the user's message `message` (the last one by default) |
/// | `DELETE …/ID/messages/N` | remove a message and what follows it |
/// | `GET …/ID/export`, `POST /v1/conversations/import` | a safetensors file with the messages and the state |
///
/// To edit a turn is to say something else after its parent. Both kinds of answering take the fields of a chat's sampling,
/// `max_tokens`, `stream`, `top_logprobs` and `reasoning_effort`.
struct ConversationRoutes: Sendable {
    let core: ServerCore
    let store: StateStore

    func add(to router: RouterGroup<ServerContext>) {
        let base = "/v1/conversations"
        router.post("\(base)", use: create)
        router.get("\(base)", use: list)
        router.post("\(base)/import", use: importFile)
        router.get("\(base)/:id", use: one)
        router.patch("\(base)/:id", use: update)
        router.delete("\(base)/:id", use: remove)
        router.get("\(base)/:id/export", use: exportFile)
        router.post("\(base)/:id/messages", use: say)
        router.post("\(base)/:id/regenerate", use: regenerate)
        router.delete("\(base)/:id/messages/:message", use: removeMessage)
    }

    private struct Conversation: Encodable {
        let conversation: StateStore.ConversationRecord
        let messages: [StateStore.MessageRecord]?

        enum CodingKeys: String, CodingKey { case id, object, model, title, created, updated, current, messages }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(conversation.id, forKey: .id)
            try values.encode("conversation", forKey: .object)
            try values.encode(conversation.model, forKey: .model)
            try values.encode(conversation.title, forKey: .title)
            try values.encode(conversation.created, forKey: .created)
            try values.encode(conversation.updated, forKey: .updated)
            try values.encode(conversation.current, forKey: .current)
            try values.encodeIfPresent(messages, forKey: .messages)
        }
    }

    private struct Creation: Decodable {
        let model: String?
        let title: String?
        let system: String?
    }

    @Sendable private func create(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let body = try await incoming.decode(Creation.self, limit: core.settings.bodyLimit)
        let (name, _) = try await core.shelf.model(body.model)
        let owner = context.owner
        let record = try await offThread { [store] in
            try store.create(owner: owner, model: name, title: body.title ?? "", system: body.system)
        }
        return try .json(Conversation(conversation: record, messages: nil), status: .created)
    }

    @Sendable private func list(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        struct List: Encodable {
            let object = "list"
            let data: [Conversation]
        }
        let owner = context.owner
        let records = try await offThread { [store] in try store.conversations(owner: owner) }
        return try .json(List(data: records.map { Conversation(conversation: $0, messages: nil) }))
    }

    @Sendable private func one(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        let (id, owner) = (try context.conversation, context.owner)
        return try await offThread { [store] in
            try .json(
                Conversation(
                    conversation: try store.conversation(id, owner: owner),
                    messages: try store.messages(of: id, owner: owner)))
        }
    }

    private struct Change: Decodable {
        let title: String?
        /// `nil` if it is not named, `.some(nil)` for the beginning.
        let current: Int64??

        enum CodingKeys: String, CodingKey { case title, current }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            title = try values.field(String.self, .title)
            current =
                values.contains(.current) ? .some(try values.field(Int64.self, .current)) : nil
        }
    }

    @Sendable private func update(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let change = try await incoming.decode(Change.self, limit: core.settings.bodyLimit)
        let (id, owner) = (try context.conversation, context.owner)
        let record = try await offThread { [store] in
            try store.update(id, owner: owner, title: change.title, current: change.current)
        }
        return try .json(Conversation(conversation: record, messages: nil))
    }

    private struct Deleted: Encodable {
        let id: String
        let deleted = true
    }

    @Sendable private func remove(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        let (id, owner) = (try context.conversation, context.owner)
        try await offThread { [store] in try store.delete(id, owner: owner) }
        return try .json(Deleted(id: id))
    }

    @Sendable private func removeMessage(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        let (id, owner) = (try context.conversation, context.owner)
        guard let message = context.parameters.get("message", as: Int64.self) else {
            throw APIError.invalid("message", "the message must be a number")
        }
        try await offThread { [store] in try store.deleteMessage(message, in: id, owner: owner) }
        return try .json(Deleted(id: "\(message)"))
    }

    @Sendable private func exportFile(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        let (id, owner) = (try context.conversation, context.owner)
        let record = try await offThread { [store] in try store.conversation(id, owner: owner) }
        let path = try await offThread { [store] in try store.path(to: record.current, in: id, owner: owner) }
        var snapshot: StateSnapshot?
        if let (_, loaded) = try? await core.shelf.model(record.model) {
            let space = ServerCore.space(loaded, owner)
            let tokens = loaded.template.tokens(path.map(\.message), loaded.tokenizer, answering: false).tokens
            snapshot = core.cache.longestPrefix(of: tokens, in: space)
            let known = snapshot?.tokens.count ?? 0
            let found = try await offThread { [store] in
                try store.longestPrefix(of: tokens, in: space, longerThan: known, for: loaded.model)
            }
            snapshot = found ?? snapshot
        }
        let data = try await offThread { [store, snapshot] in
            try store.export(id, owner: owner, snapshot: snapshot)
        }
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/octet-stream",
                .contentDisposition: "attachment; filename=\"conversation.safetensors\"",
            ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    @Sendable private func importFile(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        let limit = core.settings.importLimit
        var incoming = incoming
        let buffer: ByteBuffer
        do {
            buffer = try await incoming.collectBody(upTo: limit)
        } catch {
            throw APIError(.contentTooLarge, "the file is longer than \(limit) bytes")
        }
        let (data, owner) = (Data(buffer.readableBytesView), context.owner)
        let record = try await offThread { [store] in try store.importConversation(data, owner: owner) }
        return try .json(Conversation(conversation: record, messages: nil), status: .created)
    }

    @Sendable private func say(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let body = try await incoming.decode(TurnRequest.self, limit: core.settings.bodyLimit)
        guard let content = body.content else { throw APIError.invalid("content", "“content” is missing") }
        let (id, owner) = (try context.conversation, context.owner)
        let turn = try await TurnJob.prepared(core, store, id, owner, context.key)
        let user = try await offThread { [store] in
            let parent = try body.parent ?? store.conversation(id, owner: owner).current
            return try store.append(ChatMessage(.user, content), after: parent, in: id, owner: owner)
        }
        return try await turn.answer(user, body, said: true, context.connection)
    }

    @Sendable private func regenerate(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let body = try await incoming.decode(TurnRequest.self, limit: core.settings.bodyLimit)
        let (id, owner) = (try context.conversation, context.owner)
        let turn = try await TurnJob.prepared(core, store, id, owner, context.key)
        let user = try await offThread { [store] in
            let end = try body.message ?? store.conversation(id, owner: owner).current
            return try store.path(to: end, in: id, owner: owner).last { $0.role == "user" }
        }
        guard let user else { throw APIError.invalid("message", "there is no message of the user to answer") }
        return try await turn.answer(user, body, said: false, context.connection)
    }
}

extension ServerContext {
    /// Whose conversations are meant: the key's, or everybody's if there are no keys.
    var owner: String { key?.name ?? "" }

    /// The conversation in the path.
    var conversation: String {
        get throws {
            guard let id = parameters.get("id") else { throw APIError(.notFound, "there is no conversation here") }
            return id
        }
    }
}

/// What is said in a conversation, and how it is to be answered.
struct TurnRequest: Decodable {
    let content: String?
    /// `nil` if it is not named, `.some(nil)` for the beginning.
    let parent: Int64??
    let message: Int64?
    let stream: Bool?
    let maxTokens: Int?
    let topLogprobs: Int?
    let reasoningEffort: String?
    let sampling: SamplingFields

    enum CodingKeys: String, CodingKey {
        case content, parent, message, stream
        case maxTokens = "max_tokens"
        case topLogprobs = "top_logprobs"
        case reasoningEffort = "reasoning_effort"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        content = try values.field(String.self, .content)
        parent = values.contains(.parent) ? .some(try values.field(Int64.self, .parent)) : nil
        message = try values.field(Int64.self, .message)
        stream = try values.field(Bool.self, .stream)
        maxTokens = try values.field(Int.self, .maxTokens)
        topLogprobs = try values.field(Int.self, .topLogprobs)
        reasoningEffort = try values.field(String.self, .reasoningEffort)
        sampling = try SamplingFields(from: decoder)
    }
}
