internal import Dispatch
internal import LanguageModels
public import Tensors

/// Answers many requests at once, on one thread that computes.
///
///     let engine = BatchEngine(cache: PrefixCache(byteLimit: 1 << 28))
///     var request = GenerationRequest(model, tokenizer, tokens: Generator.promptTokens("Once", tokenizer))
///     request.maximumTokens = 50
///     for try await event in try engine.submit(request) {
///         if case .wrote(_, let tokens) = event { print(tokens.text, terminator: "") }
///     }
///
/// Each step is one forward call over a ragged batch: one token of every answer that is being written, and pieces of the
/// prompts that are being read. Requests to several models take turns. Every answer is, bit for bit, the one that the
/// request would get alone: a row of a batch does not depend on its neighbours.
public final class BatchEngine: Sendable {
    public let limits: EngineLimits
    private let inbox: EngineInbox

    /// - Parameters:
    ///   - cache: Where states of prompts are kept for later requests.
    ///   - threadCount: The threads of the forward calls.
    ///   - precision: How activations enter products with quantised weights.
    public init(
        limits: EngineLimits = EngineLimits(), cache: (any PrefixStore)? = nil,
        threadCount: Int = ThreadPool.processorCount, precision: Precision = .fast
    ) {
        self.limits = limits
        let inbox = EngineInbox()
        self.inbox = inbox
        // A queue of its own is a thread of its own: computation would starve Swift's cooperative threads.
        DispatchQueue(label: "rwkv.engine", qos: .userInitiated).async {
            let workspace = Workspace(threadCount: threadCount, precision: precision)
            EngineLoop(inbox, limits, cache, on: workspace).run()
        }
    }

    deinit { close(finishing: false) }

    /// Queues a request. Its events come as they happen; whoever stops listening cancels it within one step.
    ///
    /// The events of an answer wait for their consumer in memory, at most the answer's number of tokens.
    /// - Throws: `EngineError.queueFull`, `.closed`, `.promptTooLong`, `.invalidAnswerCount`,
    ///   `.stateOfAnotherModel`; `ModelError` for tokens
    ///   that the model does not have. The stream throws `EngineError.deadlineExceeded` and `SamplingError`.
    public func submit(_ request: GenerationRequest) throws -> AsyncThrowingStream<GenerationEvent, any Error> {
        try check(request)
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let flag = CancellationFlag()
        let submission = try EngineSubmission(request, flag, continuation)
        // An engine lives at least as long as its requests.
        continuation.onTermination = { reason in
            if case .cancelled = reason {
                flag.set()
                self.inbox.wake()
            }
        }
        try inbox.add(submission, limit: limits.waiting)
        return stream
    }

    /// What has been done so far, and what is being done.
    public var counts: EngineCounts { inbox.counts }

    /// Accepts nothing more.
    /// - Parameter finishing: Whether requests that were accepted are still answered; otherwise they end with
    ///   `EngineError.closed`.
    public func close(finishing: Bool) { inbox.close(finishing: finishing) }

    private func check(_ request: GenerationRequest) throws {
        guard (1...limits.answers).contains(request.answers.count) else {
            throw EngineError.invalidAnswerCount(found: request.answers.count, limit: limits.answers)
        }
        guard request.tokens.count <= limits.promptTokens else {
            throw EngineError.promptTooLong(tokens: request.tokens.count, limit: limits.promptTokens)
        }
        if let state = request.firstState, state.layout != request.model.stateLayout {
            throw EngineError.stateOfAnotherModel
        }
        if request.tokens.isEmpty { throw ModelError.noTokens }
        let size = request.model.configuration.vocabularySize
        if let position = request.tokens.firstIndex(where: { $0 < 0 || $0 >= size }) {
            throw ModelError.tokenOutOfRange(
                token: request.tokens[position], position: position, vocabularySize: size)
        }
    }
}
