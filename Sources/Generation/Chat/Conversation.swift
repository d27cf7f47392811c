public import LanguageModels
public import Tokenizers

/// A conversation with a model.
///
///     let conversation = Conversation(model, tokenizer, .suiting(tokenizer, fileName: "rwkv7-g1.pth"), on: BatchEngine())
///     for try await text in conversation.reply(to: "Why is the sky blue?") { print(text, terminator: "") }
///     try await conversation.rewind()
///     for try await text in conversation.reply(to: "Why is the sea blue?") { print(text, terminator: "") }
///
/// A reply costs what is new: the model's memory at the end of every message is kept, and going back, going on and
/// branching off start from there. Any number of conversations may share an engine.
public actor Conversation {
    public nonisolated let model: LanguageModel
    public nonisolated let tokenizer: any Tokenizer
    public nonisolated let engine: BatchEngine
    public var template: ChatFormat
    public var parameters: SamplingParameters
    /// The most tokens of an answer.
    public var maximumTokens: Int
    /// The messages.
    public private(set) var tree = ConversationTree()
    /// How the last answer came about.
    public private(set) var lastReply: ReplyReport?
    private let firstState: ModelState?
    private let cacheSpace: String?

    /// - Parameters:
    ///   - firstState: What the conversation begins with, such as a tuned state; the model's own if `nil`.
    ///   - cacheSpace: Where the engine may share states with other conversations; see `GenerationRequest`.
    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, _ template: ChatFormat,
        parameters: SamplingParameters = .chat, maximumTokens: Int = 2000, firstState: ModelState? = nil,
        cacheSpace: String? = nil, on engine: BatchEngine
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.template = template
        self.parameters = parameters
        self.maximumTokens = maximumTokens
        self.firstState = firstState
        self.cacheSpace = cacheSpace
        self.engine = engine
    }

    /// Says something and gives the answer, in pieces of whole characters.
    ///
    /// Whoever stops listening ends the answer; what there is of it stays. The stream throws what
    /// `BatchEngine.submit(_:)` does.
    public nonisolated func reply(to message: String) -> AsyncThrowingStream<String, any Error> {
        stream { conversation, show in
            await conversation.say(message)
            try await conversation.answer(show)
        }
    }

    /// Answers the last message of the user anew, on another branch: with a seed, with the next one, so that it is another
    /// answer.
    public nonisolated func retry() -> AsyncThrowingStream<String, any Error> {
        stream { conversation, show in
            try await conversation.dropAnswer()
            try await conversation.answer(show)
        }
    }

    /// Takes back the last so many messages of the user with what was answered; they stay in the tree.
    /// - Throws: `ConversationError.nothingToRewind`.
    @discardableResult
    public func rewind(_ count: Int = 1) throws -> ChatMessage { try tree.rewind(count) }

    /// Goes to a message of the tree, or before all of them.
    /// - Throws: `ConversationError.noSuchMessage`.
    public func go(to id: Int?) throws { try tree.go(to: id) }

    /// Begins anew, with a system message if there is one. What was said stays in the tree.
    public func begin(system: String? = nil) {
        try? tree.go(to: nil)
        if let system { tree.append(ChatMessage(.system, system)) }
    }

    /// Goes on from a conversation that was saved.
    public func restore(_ saved: ConversationTree) { tree = saved }

    public func set(_ template: ChatFormat) { self.template = template }
    public func set(_ parameters: SamplingParameters) { self.parameters = parameters }
    public func set(maximumTokens: Int) { self.maximumTokens = maximumTokens }

    private nonisolated func stream(
        _ work: @escaping @Sendable (Conversation, @Sendable (String) -> Void) async throws -> Void
    ) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    try await work(self) { continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func say(_ message: String) { tree.append(ChatMessage(.user, message)) }

    private func dropAnswer() throws(ConversationError) {
        guard let user = tree.path.last(where: { $0.message.role == .user }) else { throw .nothingToAnswer }
        try tree.go(to: user.id)
    }

    private func answer(_ show: (String) -> Void) async throws {
        let path = tree.path
        guard let question = path.last, question.message.role == .user else { throw ConversationError.nothingToAnswer }
        let earlier = tree.nodes.count { $0.parent == question.id }
        var request = self.request(path, attempt: UInt64(earlier))
        request.snapshots = path.compactMap(\.snapshot)
        if !template.opening.isEmpty { show(template.opening) }
        var text = template.opening
        var report = ReplyReport()
        let began = ContinuousClock.now
        var end: GenerationEnd?
        defer {
            // Somebody may have gone elsewhere in the meantime; the answer belongs to its question.
            try? tree.go(to: question.id)
            tree.append(ChatMessage(.assistant, text), snapshot: end?.snapshot)
            report.seconds = (ContinuousClock.now - began) / .seconds(1)
            report.isWhole = end != nil
            lastReply = report
        }
        for try await event in try engine.submit(request) {
            switch event {
            case .read(let prompt):
                report.promptTokens = prompt.tokenCount
                report.tokensReused = prompt.cachedCount
                report.secondsToRead = (ContinuousClock.now - began) / .seconds(1)
            case .wrote(_, let tokens):
                report.tokensWritten += tokens.count { $0.token != nil }
                // The blank after "Assistant:" belongs to the format.
                let new = tokens.text
                let piece = text.isEmpty && template.kind != .plain ? String(new.drop { $0 == " " }) : new
                text += piece
                if !piece.isEmpty { show(piece) }
            case .ended(_, let found): end = found
            }
        }
    }

    /// - Parameter attempt: The answers that the last message has had before.
    private func request(_ path: [ConversationTree.Node], attempt: UInt64) -> GenerationRequest {
        var parameters = parameters
        parameters.seed = parameters.seed.map { $0 &+ attempt }
        let (tokens, boundaries) = template.tokens(path.map(\.message), tokenizer)
        var request = GenerationRequest(model, tokenizer, tokens: tokens, answers: [parameters])
        request.boundaries = boundaries
        request.firstState = firstState
        request.cacheSpace = cacheSpace
        request.stopStrings = template.stopStrings
        request.maximumTokens = maximumTokens
        return request
    }
}

/// How an answer came about.
public struct ReplyReport: Sendable, Equatable {
    /// The tokens of the conversation up to the answer, and how many of them did not have to be read again.
    public var promptTokens = 0
    public var tokensReused = 0
    public var tokensWritten = 0
    /// How long the rest took to read, and everything together.
    public var secondsToRead = 0.0
    public var seconds = 0.0
    /// Whether the answer came to its own end.
    public var isWhole = false
}
