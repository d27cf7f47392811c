internal import Dispatch
public import LanguageModels
public import Tensors
public import Tokenizers

/// Writes text with a model.
///
///     let generator = Generator(model, tokenizer)
///     for try await text in generator.stream("The Eiffel tower is in", maximumTokens: 50) {
///         print(text, terminator: "")
///     }
///
/// Each stream runs on a thread of its own, with its own workspace; any number may run at once over one model.
public struct Generator: Sendable {
    public let model: LanguageModel
    public let tokenizer: any Tokenizer
    public var parameters: SamplingParameters
    public var stopStrings: [String] = []
    /// The threads of each stream.
    public var threadCount: Int
    /// How activations enter products with quantised weights.
    public var precision = Precision.fast

    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, parameters: SamplingParameters = SamplingParameters(),
        threadCount: Int = ThreadPool.processorCount
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.parameters = parameters
        self.threadCount = threadCount
    }

    /// The tokens of a prompt for a fresh state: the end of a document before it, then the text.
    ///
    /// Models learn from documents that follow such a mark, so it is what a beginning looks like to them.
    public static func promptTokens(_ prompt: String, _ tokenizer: any Tokenizer) -> [TokenID] {
        let text = tokenizer.encode(prompt)
        guard let mark = tokenizer.endOfText else { return text }
        return [mark] + text
    }

    /// The text that follows `prompt`, in pieces of whole characters.
    ///
    /// The stream throws `ModelError` or `SamplingError`; it ends within one token when its consumer is cancelled.
    public func stream(_ prompt: String, maximumTokens: Int = .max) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            let flag = CancellationFlag()
            continuation.onTermination = { _ in flag.set() }
            // Computation would starve Swift's cooperative threads, so it has a queue of its own.
            DispatchQueue(label: "rwkv.generator").async {
                do {
                    var text = try TextGeneration(
                        model, tokenizer, parameters, stopStrings: stopStrings, maximumTokens: maximumTokens,
                        on: Workspace(threadCount: threadCount, precision: precision))
                    try text.read(Self.promptTokens(prompt, tokenizer))
                    while !flag.isSet, let step = try text.next() {
                        if !step.text.isEmpty { continuation.yield(step.text) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
        }
    }
}
