internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import Tokenizers

/// `POST /v1/completions`.
struct CompletionRoute {
    let core: ServerCore

    func callAsFunction(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        try await APIError.naming(prompt: "prompt") { try await answer(incoming, context) }
    }

    private func answer(_ incoming: Request, _ context: ServerContext) async throws -> Response {
        var incoming = incoming
        let request = try await incoming.decode(CompletionRequest.self, limit: core.settings.bodyLimit)
        try check(request)
        let (name, loaded) = try await core.shelf.model(request.model)
        let permit = try Permit(core.settings.keys, context.key)
        let client = CancellationFlag()
        let job = try await CompletionJob(request, name, loaded, core, client, owner: context.owner)
        // Submitted before the answer's head is sent, so that a full queue is an error and not a broken stream.
        let streams = try job.requests.map { try core.engine.submit($0) }
        let connection = context.connection
        if request.stream == true {
            return .stream(contentType: "text/event-stream") { writer in
                try await connection.watching(client) { try await job.stream(streams, permit, to: &writer) }
            }
        }
        let answer = try await connection.watching(client) { try await job.collect(streams, permit) }
        return try Response.json(answer)
    }

    private func check(_ request: CompletionRequest) throws {
        if let suffix = request.suffix, !suffix.isEmpty {
            throw APIError.invalid("suffix", "suffix is not supported: these models write forwards only")
        }
        if let count = request.logprobs, !(0...100).contains(count) {
            throw APIError.invalid("logprobs", "logprobs is \(count); it must be from 0 to 100")
        }
        let n = try request.sampling.answerCount(limit: core.settings.engine.answers)
        if let best = request.bestOf {
            guard (n...core.settings.engine.answers).contains(best) else {
                throw APIError.invalid(
                    "best_of", "best_of is \(best); it must be from n = \(n) to \(core.settings.engine.answers)")
            }
            if request.stream == true, best > n {
                throw APIError.invalid("best_of", "best_of cannot be streamed: the best is known at the end")
            }
        }
    }
}

/// A completion being made: what is asked of the engine, and how its answers become the client's.
struct CompletionJob: Sendable {
    let requests: [GenerationRequest]
    private let prompts: [[TokenID]]
    /// Whether a mark that the client did not send stands before the prompts.
    private let hasMark: Bool
    private let id = newID("cmpl-")
    private let created = unixTime()
    private let name: String
    private let tokenizer: any Tokenizer
    private let n: Int
    private let echo: Bool
    private let logprobs: Int?
    private let includesUsage: Bool

    init(
        _ request: CompletionRequest, _ name: String, _ loaded: LoadedModel, _ core: ServerCore,
        _ client: CancellationFlag, owner: String
    ) async throws {
        self.name = name
        tokenizer = loaded.tokenizer
        echo = request.echo ?? false
        logprobs = request.logprobs
        includesUsage = request.streamOptions?.includeUsage ?? false
        n = try request.sampling.answerCount(limit: core.settings.engine.answers)
        let count = max(n, request.bestOf ?? n)
        switch request.prompt {
        case .texts(let texts)?:
            prompts = texts.map { Generator.promptTokens($0, loaded.tokenizer) }
            hasMark = loaded.tokenizer.endOfText != nil
        case .tokens(let lists)?:
            prompts = lists
            hasMark = false
        case nil:
            prompts = [Generator.promptTokens("", loaded.tokenizer)]
            hasMark = loaded.tokenizer.endOfText != nil
        }
        guard (1...64).contains(prompts.count) else {
            throw APIError.invalid("prompt", "there are \(prompts.count) prompts; it must be from 1 to 64")
        }
        // OpenAI's default of 16.
        let length = try core.answerLength(request.maxTokens, default: 16, param: "max_tokens")
        let vocabularySize = loaded.model.configuration.vocabularySize
        let answers = try request.sampling.parameters(answers: count, vocabularySize: vocabularySize)
        let stops = try request.sampling.stopStrings()
        let constraint = try request.grammar.map { text in
            try APIError.naming("grammar") { try GrammarConstraint(loaded.machine(Grammar(gbnf: text))) }
        }
        var made: [GenerationRequest] = []
        for prompt in prompts {
            var one = await core.request(
                loaded, tokens: prompt, answers: answers, streamed: request.stream == true, client: client,
                owner: owner)
            one.maximumTokens = length
            one.stopStrings = stops
            one.constraint = constraint
            one.reportsPrompt = echo && logprobs != nil
            one.logProbabilityCount = logprobs ?? (count > n ? 0 : nil)
            made.append(one)
        }
        requests = made
    }

    /// The whole answer.
    func collect(
        _ streams: [AsyncThrowingStream<GenerationEvent, any Error>], _ permit: Permit
    ) async throws -> CompletionResponse {
        var choices: [CompletionResponse.Choice] = []
        var (read, written, cached) = (0, 0, 0)
        for (place, stream) in streams.enumerated() {
            var answers = requests[place].answers.map { _ in AnswerText() }
            for try await event in stream {
                switch event {
                case .read(let report):
                    read += report.tokenCount
                    cached += report.cachedCount
                    if echo {
                        for index in answers.indices { echoPrompt(prompts[place], report, into: &answers[index]) }
                    }
                case .wrote(let index, let tokens): write(tokens, into: &answers[index])
                case .ended(let index, let end):
                    written += end.tokens.count
                    answers[index].finish = finishName(end.reason)
                }
            }
            if n < answers.count {
                answers.sort { $0.meanLogProbability > $1.meanLogProbability }
                answers.removeSubrange(n...)
            }
            for answer in answers {
                choices.append(
                    CompletionResponse.Choice(
                        index: choices.count, text: answer.text, logprobs: logprobs == nil ? nil : answer.logprobs,
                        finishReason: answer.finish))
            }
        }
        permit.use(read - cached + written)
        return response(choices, Usage(prompt: read, completion: written, cached: cached))
    }

    /// The answer in pieces, as server-sent events.
    func stream(
        _ streams: [AsyncThrowingStream<GenerationEvent, any Error>], _ permit: Permit,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        var (read, written, cached) = (0, 0, 0)
        do {
            for (place, stream) in streams.enumerated() {
                var answers = requests[place].answers.map { _ in AnswerText() }
                for try await event in stream {
                    switch event {
                    case .read(let report):
                        read += report.tokenCount
                        cached += report.cachedCount
                        permit.use(report.tokenCount - report.cachedCount)
                        guard echo else { continue }
                        for index in answers.indices {
                            echoPrompt(prompts[place], report, into: &answers[index])
                            try await send(&answers[index], place * n + index, nil, &writer)
                        }
                    case .wrote(let index, let tokens):
                        write(tokens, into: &answers[index])
                        permit.use(tokens.count { $0.token != nil })
                        if !answers[index].text.isEmpty {
                            try await send(&answers[index], place * n + index, nil, &writer)
                        }
                    case .ended(let index, let end):
                        written += end.tokens.count
                        try await send(&answers[index], place * n + index, finishName(end.reason), &writer)
                    }
                }
            }
            if includesUsage {
                try await writer.event(response([], Usage(prompt: read, completion: written, cached: cached)))
            }
            try await writer.done()
        } catch {
            try await writer.failed(error, prompt: "prompt")
        }
    }

    private func send(
        _ answer: inout AnswerText, _ index: Int, _ finish: String?, _ writer: inout any ResponseBodyWriter
    ) async throws {
        let (text, found) = answer.takeNew()
        let choice = CompletionResponse.Choice(
            index: index, text: text, logprobs: logprobs == nil ? nil : found, finishReason: finish)
        try await writer.event(response([choice], nil))
    }

    private func response(_ choices: [CompletionResponse.Choice], _ usage: Usage?) -> CompletionResponse {
        CompletionResponse(id: id, created: created, model: name, choices: choices, usage: usage)
    }

    private func echoPrompt(_ tokens: [TokenID], _ report: PromptReport, into answer: inout AnswerText) {
        var decoder = StreamingDecoder()
        for (index, token) in tokens.enumerated().dropFirst(hasMark ? 1 : 0) {
            if logprobs == nil {
                answer.text += decoder.append(tokenizer.bytes(of: token) ?? [])
                continue
            }
            let known = index > 0 && index <= report.logProbabilities.count ? report.logProbabilities[index - 1] : nil
            answer.add(token, known, decoder.append(tokenizer.bytes(of: token) ?? []), tokenizer)
        }
        answer.text += decoder.finish()
    }

    private func write(_ tokens: [WrittenToken], into answer: inout AnswerText) {
        for written in tokens {
            guard let token = written.token else {
                answer.text += written.text
                continue
            }
            if let report = written.logProbabilities { answer.sum += report.chosen.logProbability }
            answer.count += 1
            if logprobs == nil {
                answer.text += written.text
            } else {
                answer.add(token, written.logProbabilities, written.text, tokenizer)
            }
        }
    }
}

/// The text of one answer so far.
struct AnswerText: Sendable {
    var text = ""
    var logprobs = CompletionLogprobs()
    var finish: String?
    /// Σ log p of the tokens written, and how many these are.
    var sum = 0.0
    var count = 0
    private var offset = 0

    init() {}

    var meanLogProbability: Double { count == 0 ? -.infinity : sum / Double(count) }

    mutating func add(
        _ token: TokenID, _ report: TokenLogProbabilities?, _ piece: String, _ tokenizer: any Tokenizer
    ) {
        logprobs.add(token, report, offset: offset, tokenizer)
        text += piece
        offset += piece.unicodeScalars.count
    }

    /// What has not been sent yet.
    mutating func takeNew() -> (text: String, logprobs: CompletionLogprobs) {
        defer { (text, logprobs) = ("", CompletionLogprobs()) }
        return (text, logprobs)
    }
}
