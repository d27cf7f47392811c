internal import LanguageModels

/// A request that was checked, on its way to the engine's thread.
struct EngineSubmission: Sendable {
    let request: GenerationRequest
    /// What will write the answers.
    let writers: [TextWriter]
    /// Set when the client has gone.
    let flag: CancellationFlag
    let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation

    /// - Throws: `SamplingError` for settings that cannot work.
    init(
        _ request: GenerationRequest, _ flag: CancellationFlag,
        _ continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) throws(SamplingError) {
        self.request = request
        self.flag = flag
        self.continuation = continuation
        var writers: [TextWriter] = []
        for parameters in request.answers {
            writers.append(
                try TextWriter(
                    request.tokenizer, vocabularySize: request.model.configuration.vocabularySize, parameters,
                    stopStrings: request.stopStrings, maximumTokens: request.maximumTokens,
                    constraint: request.constraint))
        }
        self.writers = writers
    }
}

/// A request that the engine's thread answers, and how far it has come.
final class EngineCall {
    /// Where periods of delivery are counted from.
    static let epoch = ContinuousClock.now

    private let submission: EngineSubmission
    /// The answers that have not ended.
    var openAnswers: Int
    var isOver = false

    init(_ submission: EngineSubmission) {
        self.submission = submission
        openAnswers = submission.request.answers.count
    }

    var request: GenerationRequest { submission.request }
    var writers: [TextWriter] { submission.writers }
    /// Whether nobody waits for the answer any more.
    var isAbandoned: Bool { submission.flag.isSet || request.cancellation?.isSet == true }
    var continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation { submission.continuation }

    func isExpired(at now: ContinuousClock.Instant) -> Bool { request.deadline.map { now >= $0 } ?? false }
}
