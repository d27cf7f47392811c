import AsyncHTTPClient
import Foundation
import Generation
import LanguageModels
import NIOCore
import NIOHTTP1
import Serving
import Tensors
import TestSupport
import Testing
import Tokenizers

/// What the tiny model writes alone.
private func alone(_ tokens: [TokenID], _ parameters: SamplingParameters, count: Int) throws -> [TokenID] {
    var text = try TextGeneration(
        randomByteModel(seed: 1), ByteTokenizer(), parameters, maximumTokens: count, on: Workspace(threadCount: 1))
    try text.read(tokens)
    while try text.next() != nil {}
    return text.tokens
}

@Suite("POST /v1/completions")
struct CompletionTests {
    @Test("writes what the model would write alone")
    func plain() async throws {
        try await withServer { client in
            let answer = try await client.post(
                "/v1/completions", #"{"model":"tiny","prompt":"abc","max_tokens":9,"temperature":0.8,"seed":5}"#)
            #expect(answer.status == 200)
            var parameters = SamplingParameters.unfiltered
            parameters.temperature = 0.8
            parameters.seed = 5
            let expected = try alone([0] + Array("abc".utf8).map(Int32.init), parameters, count: 9)
            let choice = try #require(answer.json?["choices"]?[0])
            #expect(choice["text"]?.text == ByteTokenizer().decodeText(expected))
            #expect(choice["finish_reason"]?.text == (expected.count == 9 ? "length" : "stop"))
            #expect(answer.json?["object"]?.text == "text_completion")
            #expect(answer.json?["usage"]?["prompt_tokens"]?.number == 4)
            #expect(answer.json?["usage"]?["completion_tokens"]?.number == Double(expected.count))
        }
    }

    @Test("streams the same text in pieces, with usage at the end")
    func streamed() async throws {
        try await withServer { client in
            let fields = #""prompt":"abc","max_tokens":20,"seed":5,"n":2,"stop":["\u0001\u0002\u0003"]"#
            let whole = try await client.post("/v1/completions", "{\(fields)}")
            let streamed = try await client.post(
                "/v1/completions", "{\(fields),\"stream\":true,\"stream_options\":{\"include_usage\":true}}")
            #expect(streamed.headers.first(name: "Content-Type") == "text/event-stream")
            #expect(streamed.events.last == "[DONE]")
            let chunks = try streamed.events.dropLast().map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
            for index in 0..<2 {
                let own = chunks.compactMap { $0["choices"]?[0] }.filter { $0["index"]?.number == Double(index) }
                #expect(own.compactMap { $0["text"]?.text }.joined() == whole.json?["choices"]?[index]?["text"]?.text)
                #expect(own.last?["finish_reason"] == whole.json?["choices"]?[index]?["finish_reason"])
            }
            #expect(chunks.last?["usage"]?["completion_tokens"] == whole.json?["usage"]?["completion_tokens"])
            #expect(whole.json?["choices"]?[0]?["text"] != whole.json?["choices"]?[1]?["text"])
        }
    }

    @Test("stops before a text that comes in several pieces, streamed and not", arguments: [false, true])
    func stops(streamed: Bool) async throws {
        try await withServer { client in
            // Letters only, each a token: the text to stop at is never in one piece.
            let fields = #""prompt":"abc","max_tokens":60,"seed":3,"grammar":"root ::= [a-z]{100}""#
            let whole = try await client.post("/v1/completions", "{\(fields)}")
            let text = try #require(whole.json?["choices"]?[0]?["text"]?.text)
            let stop = String(text.dropFirst(20).prefix(4))
            let expected = text.prefix(upTo: try #require(text.firstRange(of: stop)).lowerBound)
            let answer = try await client.post(
                "/v1/completions", "{\(fields),\"stop\":\"\(stop)\",\"stream\":\(streamed)}")
            let chunks = try (streamed ? Array(answer.events.dropLast()) : [answer.text]).map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
            #expect(chunks.compactMap { $0["choices"]?[0]?["text"]?.text }.joined() == expected)
            #expect(chunks.last?["choices"]?[0]?["finish_reason"]?.text == "stop")
        }
    }

    @Test("echoes the prompt with what the model thought of every token")
    func echo() async throws {
        try await withServer { client in
            let answer = try await client.post(
                "/v1/completions", #"{"prompt":[97,98,99],"max_tokens":1,"echo":true,"logprobs":2,"temperature":0}"#)
            let logprobs = try #require(answer.json?["choices"]?[0]?["logprobs"])
            #expect(logprobs["tokens"]?.items.prefix(3).compactMap(\.text) == ["a", "b", "c"])
            #expect(logprobs["token_logprobs"]?[0] == .null)
            #expect(logprobs["text_offset"]?.items.prefix(3).compactMap(\.number) == [0, 1, 2])
            var state = try randomByteModel(seed: 1).initialState()
            let logits = try randomByteModel(seed: 1)(
                [97, 98, 99], state: &state, wanted: .all, on: Tape(on: Workspace(threadCount: 1)))
            for (row, token) in [(0, 98), (1, 99)] {
                let expected = try TokenLogProbabilities(of: token, in: Array(logits.values(ofRow: row)))
                let found = try #require(logprobs["token_logprobs"]?[row + 1]?.number)
                #expect(abs(found - expected.chosen.logProbability) < 1e-9)
            }
            // At temperature 0 the token written is the best of those reported.
            let last = try #require(logprobs["top_logprobs"]?.items.last)
            guard case .object(let best) = last else { throw TestFailure(description: "no object") }
            #expect(logprobs["token_logprobs"]?.items.last?.number == best.values.compactMap(\.number).max())
            // A text has a mark before it that is not shown; its first token has a probability.
            let text = try await client.post(
                "/v1/completions", #"{"prompt":"abc","max_tokens":0,"echo":true,"logprobs":0}"#)
            #expect(text.json?["choices"]?[0]?["text"]?.text == "abc")
            #expect(text.json?["choices"]?[0]?["logprobs"]?["tokens"]?.items.count == 3)
            #expect(text.json?["choices"]?[0]?["logprobs"]?["token_logprobs"]?[0]?.number != nil)
        }
    }

    @Test("answers several prompts, and chooses the best of several answers")
    func several() async throws {
        try await withServer { client in
            let answer = try await client.post(
                "/v1/completions", #"{"prompt":["a","b"],"max_tokens":4,"n":2,"seed":1}"#)
            #expect(answer.json?["choices"]?.items.compactMap { $0["index"]?.number } == [0, 1, 2, 3])
            let best = try await client.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":4,"best_of":5,"logprobs":1,"seed":1}"#)
            let all = try await client.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":4,"n":5,"logprobs":1,"seed":1}"#)
            func mean(_ choice: JSONValue?) -> Double {
                let values = choice?["logprobs"]?["token_logprobs"]?.items.compactMap(\.number) ?? []
                return values.reduce(0, +) / Double(max(1, values.count))
            }
            #expect(best.json?["choices"]?.items.count == 1)
            #expect(mean(best.json?["choices"]?[0]) == all.json?["choices"]?.items.map(mean).max())
        }
    }

    @Test("bans and favours tokens, and holds to a grammar")
    func constrained() async throws {
        try await withServer { client in
            let favoured = try await client.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":5,"logit_bias":{"120":100,"121":-100}}"#)
            #expect(favoured.json?["choices"]?[0]?["text"]?.text == "xxxxx")
            let held = try await client.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":50,"grammar":"root ::= [0-9]{3} \"!\""}"#)
            let text = try #require(held.json?["choices"]?[0]?["text"]?.text)
            #expect(text.count == 4 && text.hasSuffix("!") && Int(text.dropLast()) != nil)
            #expect(held.json?["choices"]?[0]?["finish_reason"]?.text == "stop")
        }
    }

    @Test(
        "says in OpenAI's form what is wrong",
        arguments: [
            (#"{"prompt":"a","suffix":"b"}"#, 400, "suffix"), (#"{"prompt":"a","n":0}"#, 400, "n"),
            (#"{"prompt":"a","temperature":-1}"#, 400, "temperature"), (#"{"prompt":"a","top_p":2}"#, 400, "top_p"),
            (#"{"prompt":"a","logit_bias":{"256":1}}"#, 400, "logit_bias"),
            (#"{"prompt":"a","max_tokens":-1}"#, 400, "max_tokens"),
            (#"{"prompt":"a","max_tokens":"x"}"#, 400, "max_tokens"), (#"{"prompt":{}}"#, 400, "prompt"),
            (#"{"prompt":[[]]}"#, 400, "prompt"), (#"{"prompt":[300]}"#, 400, "prompt"),
            (#"{"prompt":"a","best_of":2,"stream":true}"#, 400, "best_of"),
            (#"{"prompt":"a","stop":[""]}"#, 400, "stop"), (#"{"model":"none","prompt":"a"}"#, 404, "model"),
            (#"{"prompt":"a","grammar":"x"}"#, 400, "grammar"), ("{", 400, nil),
        ] as [(String, Int, String?)])
    func mistakes(body: String, status: Int, param: String?) async throws {
        try await withServer { client in
            let answer = try await client.post("/v1/completions", body)
            #expect(answer.status == status)
            let error = try #require(answer.json?["error"])
            #expect(error["message"]?.text?.isEmpty == false)
            #expect(error["param"] == (param.map { .string($0) } ?? .null), "\(answer.text)")
            #expect(error["type"]?.text == "invalid_request_error")
        }
    }

    @Test("does not read again what it has read")
    func cached() async throws {
        try await withServer { client in
            let body = #"{"prompt":"\#(String(repeating: "abc ", count: 200))","max_tokens":3,"seed":1}"#
            let first = try await client.post("/v1/completions", body)
            let second = try await client.post("/v1/completions", body)
            #expect(first.json?["choices"] == second.json?["choices"])
            #expect(first.json?["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.number == 0)
            #expect(second.json?["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.number == 801)
            // Another model's states are its own.
            let other = try await client.post(
                "/v1/completions", body.replacing("{", with: #"{"model":"other","#, maxReplacements: 1))
            #expect(other.json?["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.number == 0)
        }
    }
}
