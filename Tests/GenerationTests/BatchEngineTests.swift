import Foundation
import Generation
import LanguageModels
import Synchronization
import Tensors
import TestSupport
import Testing
import Tokenizers

/// What an engine gave for one answer.
private struct Answer: Equatable {
    var text = ""
    var tokens: [TokenID] = []
    var reason: FinishReason?
}

private func collect(_ events: AsyncThrowingStream<GenerationEvent, any Error>) async throws -> [Int: Answer] {
    var answers: [Int: Answer] = [:]
    for try await event in events {
        switch event {
        case .read: break
        case .wrote(let answer, let tokens): answers[answer, default: Answer()].text += tokens.text
        case .ended(let answer, let end):
            answers[answer, default: Answer()].tokens = end.tokens
            answers[answer]?.reason = end.reason
        }
    }
    return answers
}

/// The same request without an engine.
private func alone(_ request: GenerationRequest, answer: Int = 0) throws -> Answer {
    var text = try TextGeneration(
        request.model, request.tokenizer, request.answers[answer], stopStrings: request.stopStrings,
        maximumTokens: request.maximumTokens, state: request.firstState, on: Workspace(threadCount: 1))
    try text.read(request.tokens)
    var written = Answer()
    while let step = try text.next() { written.text += step.text }
    written.tokens = text.tokens
    written.reason = text.finishReason
    return written
}

private func randomRequest(_ model: LanguageModel, _ random: inout RandomNumbers) -> GenerationRequest {
    var parameters = SamplingParameters()
    parameters.seed = random.next()
    parameters.temperature = Double(random.below(3)) * 0.6
    parameters.topP = 0.5 + Double(random.uniform(in: 0...0.5))
    let shared = (0..<random.below(40)).map { Int32($0 + 60) }
    let own = (0..<1 + random.below(120)).map { _ in Int32(1 + random.below(250)) }
    var request = GenerationRequest(model, ByteTokenizer(), tokens: shared + own, answers: [parameters])
    request.maximumTokens = random.below(60)
    request.stopStrings = random.below(2) == 0 ? ["e", "zz"] : []
    request.boundaries = shared.isEmpty ? [] : [shared.count]
    return request
}

/// A request that is never answered to its end.
private func endlessRequest(_ model: LanguageModel, prompt: Int = 3) -> GenerationRequest {
    var parameters = SamplingParameters.unfiltered
    parameters.seed = 5
    parameters.bannedTokens = [0]
    return GenerationRequest(
        model, ByteTokenizer(), tokens: (0..<prompt).map { Int32(1 + $0 % 200) }, answers: [parameters])
}

/// Notes in which order prompts have been read.
private final class ReadingOrder: PrefixStore {
    private let noted = Mutex<[Int]>([])
    var lengths: [Int] { noted.withLock { $0 } }
    func longestPrefix(of tokens: [TokenID], in space: String) -> StateSnapshot? { nil }
    func insert(_ snapshot: StateSnapshot, in space: String) { noted.withLock { $0.append(snapshot.tokens.count) } }
}

@Suite("An engine that answers many at once")
struct BatchEngineTests {
    @Test("gives each the bits that it would get alone", arguments: [false, true])
    func sameAsAlone(cached: Bool) async throws {
        let models = [try randomByteModel(seed: 1), try randomByteModel("rwkv4", seed: 2)]
        var limits = EngineLimits()
        (limits.streams, limits.promptRows, limits.quietPromptRows) = (6, 7, 19)
        let engine = BatchEngine(
            limits: limits, cache: cached ? PrefixCache(byteLimit: 1 << 20) : nil, threadCount: 2)
        var random = RandomNumbers(seed: 11)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for i in 0..<30 {
                var request = randomRequest(models[i % 2], &random)
                request.cacheSpace = "\(i % 2)"
                let pause = UInt64(random.below(40))
                group.addTask { [request] in
                    try await Task.sleep(for: .milliseconds(pause))
                    let answers = try await collect(engine.submit(request))
                    #expect(try answers[0] == alone(request))
                }
            }
            try await group.waitForAll()
        }
        #expect(engine.counts.finished == 30)
        // Otherwise nothing was read together, and the test says nothing.
        #expect(engine.counts.rows > 3 * engine.counts.steps)
        #expect(cached == (engine.counts.tokensReused > 0))
    }

    @Test("leaves a state that has seen what it says")
    func snapshot() async throws {
        let model = try randomByteModel()
        var request = endlessRequest(model, prompt: 50)
        request.maximumTokens = 20
        for try await event in try BatchEngine(threadCount: 1).submit(request) {
            guard case .ended(_, let end) = event else { continue }
            #expect(end.snapshot.tokens == request.tokens + end.tokens.dropLast())
            var state = model.initialState()
            _ = try model(end.snapshot.tokens, state: &state, on: Tape(on: Workspace(threadCount: 1)))
            #expect(state.tensors().map { $0.floats() } == end.snapshot.state.tensors().map { $0.floats() })
        }
    }

    @Test(
        "hands tokens out one by one, by periods or at the end, and they are the same",
        arguments: [.atOnce, .every(.seconds(1000)), .every(.nanoseconds(1)), .atEnd] as [GenerationRequest.Delivery])
    func delivery(_ delivery: GenerationRequest.Delivery) async throws {
        let model = try randomByteModel()
        var request = endlessRequest(model)
        request.maximumTokens = 40
        let expected = try alone(request)
        request.delivery = delivery
        var (text, sizes) = ("", [Int]())
        for try await event in try BatchEngine(threadCount: 1).submit(request) {
            guard case .wrote(_, let tokens) = event else { continue }
            text += tokens.text
            sizes.append(tokens.count { $0.token != nil })
        }
        #expect(text == expected.text)
        #expect(sizes.reduce(0, +) == expected.tokens.count)
        switch delivery {
        case .atOnce, .every(.nanoseconds(1)): #expect(sizes.count >= 40)
        // The first at once, a period may end in between, the rest at the end.
        case .every: #expect(sizes.count <= 3 && sizes[0] == 1)
        case .atEnd: #expect(sizes.count == 1)
        }
    }

    @Test("hands out what was written when the time is over")
    func lateDelivery() async throws {
        var request = endlessRequest(try randomByteModel())
        request.delivery = .atEnd
        request.deadline = .now + .milliseconds(300)
        var count = 0
        do {
            for try await event in try BatchEngine(threadCount: 1).submit(request) {
                if case .wrote(_, let tokens) = event { count += tokens.count { $0.token != nil } }
            }
            Issue.record("it was not over")
        } catch let error as EngineError {
            #expect(error == .deadlineExceeded(tokensWritten: count))
            #expect(count > 0)
        }
    }

    @Test("stops within a step when a client leaves")
    func cancelled() async throws {
        let engine = BatchEngine(threadCount: 1)
        let model = try randomByteModel()
        var seen = 0
        for try await event in try engine.submit(endlessRequest(model)) {
            if case .wrote = event { seen += 1 }
            if seen == 5 { break }
        }
        let steps = engine.counts.steps
        while engine.counts.running > 0 { try await Task.sleep(for: .milliseconds(1)) }
        // The step that was running, and one whose flag had been looked at already.
        #expect(engine.counts.steps <= steps + 2)
        #expect(engine.counts.cancelled == 1)
    }

    @Test("writes a token in every step while a long prompt is read")
    func fairToStreams() async throws {
        var limits = EngineLimits()
        limits.promptRows = 16
        let engine = BatchEngine(limits: limits, threadCount: 1)
        let model = try randomByteModel()
        let writing = try engine.submit(endlessRequest(model))
        let counter = Task {
            var written = 0
            for try await event in writing { if case .wrote = event { written += 1 } }
        }
        while engine.counts.tokensWritten < 3 { try await Task.sleep(for: .milliseconds(1)) }
        let before = engine.counts
        var long = endlessRequest(model, prompt: 16 * 300)
        long.maximumTokens = 1
        for try await event in try engine.submit(long) {
            guard case .read = event else { continue }
            let after = engine.counts
            #expect(after.steps - before.steps >= 300)
            #expect(after.tokensWritten - before.tokensWritten >= after.steps - before.steps - 2)
        }
        counter.cancel()
    }

    @Test("reads a short prompt that comes after a long one first")
    func fairToPrompts() async throws {
        let model = try randomByteModel()
        var limits = EngineLimits()
        limits.quietPromptRows = 32
        let order = ReadingOrder()
        let engine = BatchEngine(limits: limits, cache: order, threadCount: 1)
        var requests = [30_000, 10].map { endlessRequest(model, prompt: $0) }
        for index in requests.indices { (requests[index].maximumTokens, requests[index].cacheSpace) = (1, "") }
        let streams = try requests.map { try engine.submit($0) }
        for stream in streams { _ = try await collect(stream) }
        #expect(order.lengths == [10, 30_000])
    }

    @Test("refuses what does not fit into its queue, and says so")
    func queueFull() async throws {
        var limits = EngineLimits()
        (limits.streams, limits.waiting) = (1, 2)
        let engine = BatchEngine(limits: limits, threadCount: 1)
        let model = try randomByteModel()
        let running = try engine.submit(endlessRequest(model))
        while engine.counts.running == 0 { try await Task.sleep(for: .milliseconds(1)) }
        let waiting = try (0..<2).map { _ in try engine.submit(endlessRequest(model)) }
        #expect(throws: EngineError.queueFull(limit: 2)) { try engine.submit(endlessRequest(model)) }
        #expect(engine.counts.waiting == 2)
        #expect(engine.counts.refused == 1)
        withExtendedLifetime((running, waiting)) {}
    }

    @Test("gives up what is too late, while it waits and while it is written")
    func deadlines() async throws {
        var limits = EngineLimits()
        limits.streams = 1
        let engine = BatchEngine(limits: limits, threadCount: 1)
        let model = try randomByteModel()
        var requests = [endlessRequest(model), endlessRequest(model)]
        requests[0].deadline = .now + .milliseconds(60)
        requests[1].deadline = .now + .milliseconds(20)
        let streams = try requests.map { try engine.submit($0) }
        await #expect(throws: EngineError.deadlineExceeded(tokensWritten: 0)) { _ = try await collect(streams[1]) }
        do {
            _ = try await collect(streams[0])
            Issue.record("it went on")
        } catch let error as EngineError {
            guard case .deadlineExceeded(let written) = error else { throw error }
            #expect(written > 0)
        }
    }

    @Test("reads a prompt once for several answers")
    func severalAnswers() async throws {
        let engine = BatchEngine(threadCount: 1)
        var request = endlessRequest(try randomByteModel(), prompt: 90)
        request.maximumTokens = 25
        request.answers = (1...4).map { seed in
            var parameters = request.answers[0]
            parameters.seed = UInt64(seed)
            return parameters
        }
        let answers = try await collect(engine.submit(request))
        #expect(answers.count == 4)
        for (index, answer) in answers { #expect(try answer == alone(request, answer: index)) }
        #expect(Set(answers.values.map(\.tokens)).count == 4)
        #expect(engine.counts.tokensRead == 90)
    }

    @Test("reports what the model thought of the prompt and of the answer")
    func logProbabilities() async throws {
        let model = try randomByteModel()
        var limits = EngineLimits()
        limits.quietPromptRows = 7
        var request = endlessRequest(model, prompt: 30)
        request.maximumTokens = 3
        request.logProbabilityCount = 2
        request.reportsPrompt = true
        var found: [TokenLogProbabilities] = []
        for try await event in try BatchEngine(limits: limits, threadCount: 1).submit(request) {
            switch event {
            case .read(let report): found += report.logProbabilities
            case .wrote(_, let tokens): found += tokens.compactMap(\.logProbabilities)
            case .ended(_, let end):
                let all = request.tokens + end.tokens
                var state = model.initialState()
                let tape = Tape(on: Workspace(threadCount: 1))
                let logits = try model(Array(all.dropLast()), state: &state, wanted: .all, on: tape)
                let expected = try all.dropFirst().enumerated().map { row, token in
                    try TokenLogProbabilities(of: Int(token), in: Array(logits.values(ofRow: row)), best: 2)
                }
                #expect(found == expected)
            }
        }
        #expect(found.count == 32)
    }

    @Test("goes on from states that are at hand, with the same outcome")
    func reuse() async throws {
        let cache = PrefixCache(byteLimit: 1 << 20)
        let engine = BatchEngine(cache: cache, threadCount: 1)
        var request = endlessRequest(try randomByteModel(), prompt: 400)
        request.maximumTokens = 10
        request.cacheSpace = "a"
        let first = try await collect(engine.submit(request))
        #expect(engine.counts.tokensReused == 0)
        // The same prompt again: not a token is read.
        #expect(try await collect(engine.submit(request)) == first)
        #expect(engine.counts.tokensReused == 400)
        #expect(engine.counts.tokensRead == 400)
        // A turn later: what was written is known as well, but for the token that nothing followed.
        request.tokens += (first[0]?.tokens ?? []) + [65, 66]
        #expect(try await collect(engine.submit(request))[0] == alone(request))
        #expect(engine.counts.tokensRead == 400 + 3)
        // Elsewhere the same tokens are another text.
        request.cacheSpace = "b"
        _ = try await collect(engine.submit(request))
        #expect(engine.counts.tokensRead == 400 + 3 + 412)
    }

    @Test("refuses what cannot be answered")
    func impossible() throws {
        let engine = BatchEngine(threadCount: 1)
        let model = try randomByteModel()
        var request = endlessRequest(model)
        request.tokens = []
        #expect(throws: ModelError.noTokens) { try engine.submit(request) }
        request.tokens = [1, 256]
        #expect(throws: ModelError.tokenOutOfRange(token: 256, position: 1, vocabularySize: 256)) {
            try engine.submit(request)
        }
        request.tokens = [1]
        request.answers = []
        #expect(throws: EngineError.invalidAnswerCount(found: 0, limit: 16)) { try engine.submit(request) }
        request.answers = [SamplingParameters.greedy]
        request.firstState = try randomByteModel(layers: 1).initialState()
        #expect(throws: EngineError.stateOfAnotherModel) { try engine.submit(request) }
    }

    @Test("ends what runs when it is closed, or lets it end")
    func closing() async throws {
        let model = try randomByteModel()
        let cutting = BatchEngine(threadCount: 1)
        let cut = try cutting.submit(endlessRequest(model))
        cutting.close(finishing: false)
        await #expect(throws: EngineError.closed) { _ = try await collect(cut) }
        #expect(throws: EngineError.closed) { try cutting.submit(endlessRequest(model)) }

        let finishing = BatchEngine(threadCount: 1)
        var request = endlessRequest(model)
        request.maximumTokens = 50
        let whole = try finishing.submit(request)
        finishing.close(finishing: true)
        #expect(try await collect(whole)[0] == alone(request))
    }
}
