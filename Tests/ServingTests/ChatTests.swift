import Foundation
import Generation
import Serving
import TestSupport
import Testing
import Tokenizers

@Suite("POST /v1/chat/completions")
struct ChatTests {
    @Test("answers, whole and in pieces alike")
    func answers() async throws {
        try await withServer { client in
            let fields = """
                "model":"tiny","messages":[{"role":"system","content":"Be brief."},
                {"role":"user","content":[{"type":"text","text":"Hi"}]}],"max_tokens":12,"seed":3,"n":2,
                "logit_bias":{"0":-100},"logprobs":true,"top_logprobs":2
                """
            let whole = try await client.post("/v1/chat/completions", "{\(fields)}")
            #expect(whole.status == 200, "\(whole.text)")
            #expect(whole.json?["object"]?.text == "chat.completion")
            #expect(whole.json?["choices"]?[0]?["message"]?["role"]?.text == "assistant")
            #expect(whole.json?["choices"]?[0]?["logprobs"]?["content"]?.items.count == 12)
            #expect(whole.json?["choices"]?[0]?["logprobs"]?["content"]?[0]?["top_logprobs"]?.items.count == 2)
            let streamed = try await client.post("/v1/chat/completions", "{\(fields),\"stream\":true}")
            let chunks = try streamed.events.dropLast().map {
                try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
            }
            for index in 0..<2 {
                let own = chunks.compactMap { $0["choices"]?[0] }.filter { $0["index"]?.number == Double(index) }
                #expect(
                    own.compactMap { $0["delta"]?["content"]?.text }.joined()
                        == whole.json?["choices"]?[index]?["message"]?["content"]?.text)
                #expect(own.first?["delta"]?["role"]?.text == "assistant")
                #expect(own.last?["finish_reason"]?.text == "length")
            }
        }
    }

    @Test("gives JSON where it is asked for, however short it must be", arguments: [1, 2, 3], [400, 20])
    func json(seed: Int, tokens: Int) async throws {
        try await withServer { client in
            let schema =
                #"{"type":"object","properties":{"n":{"type":"integer"},"k":{"enum":["x","y"]}},"required":["n","k"]}"#
            let answer = try await client.post(
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":\#(tokens),"seed":\#(seed),"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":\#(schema)}}}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            let text = try #require(answer.json?["choices"]?[0]?["message"]?["content"]?.text)
            let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
            #expect(value["n"]?.number != nil)
            #expect(["x", "y"].contains(value["k"]?.text))
            #expect(answer.json?["choices"]?[0]?["finish_reason"]?.text == "stop")
        }
    }

    @Test("calls a tool that it must call", arguments: [false, true])
    func tools(streamed: Bool) async throws {
        try await withServer { client in
            let answer = try await client.post(
                "/v1/chat/completions",
                """
                {"messages":[{"role":"user","content":"Weather?"}],"max_tokens":400,"seed":1,"stream":\(streamed),
                 "tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":
                   {"type":"object","properties":{"day":{"$ref":"#/$defs/day"}},"required":["day"],
                    "$defs":{"day":{"enum":["today","tomorrow"]}}}}}],"tool_choice":"required"}
                """)
            #expect(answer.status == 200, "\(answer.text)")
            let json =
                streamed
                ? try answer.events.dropLast().map {
                    try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
                } : [try #require(answer.json)]
            let choices = json.compactMap { $0["choices"]?[0] }
            let calls = choices.compactMap { ($0["message"] ?? $0["delta"])?["tool_calls"]?[0] }
            let call = try #require(calls.first)
            #expect(call["function"]?["name"]?.text == "weather")
            let arguments = try #require(call["function"]?["arguments"]?.text)
            let day = try JSONDecoder().decode(JSONValue.self, from: Data(arguments.utf8))["day"]?.text
            #expect(["today", "tomorrow"].contains(day))
            #expect(choices.last?["finish_reason"]?.text == "tool_calls")
        }
    }

    @Test("keeps what a G1 model thinks apart from what it says")
    func thinking() async throws {
        let model = byteModel("g1", format: ChatFormat(.g1, thinking: .on))
        try await withServer(models: [model]) { client in
            for (effort, thinks) in [("medium", true), ("minimal", false), ("none", false)] {
                let answer = try await client.post(
                    "/v1/chat/completions",
                    #"{"messages":[{"role":"user","content":"Hi"}],"max_tokens":9,"reasoning_effort":"\#(effort)","logit_bias":{"0":-100}}"#
                )
                let message = try #require(answer.json?["choices"]?[0]?["message"])
                #expect((message["reasoning_content"] != nil) == thinks)
                #expect((message["content"]?.text ?? "").isEmpty == thinks)
            }
        }
    }

    @Test("does not read a conversation again that it has read")
    func cached() async throws {
        try await withServer { client in
            let question = String(repeating: "word ", count: 300)
            let first = #"{"role":"user","content":"\#(question)"}"#
            func ask(_ messages: String) async throws -> JSONValue {
                let answer = try await client.post(
                    "/v1/chat/completions", #"{"messages":[\#(messages)],"max_tokens":4,"seed":1}"#)
                return try #require(answer.json)
            }
            _ = try await ask(first)
            let second = try await ask(
                first + #",{"role":"assistant","content":"Yes."},{"role":"user","content":"And?"}"#)
            let usage = try #require(second["usage"])
            let read =
                try #require(usage["prompt_tokens"]?.number)
                - (usage["prompt_tokens_details"]?["cached_tokens"]?.number ?? 0)
            #expect(read < 60)
            // Another last message goes on from before it.
            let third = try await ask(
                first + #",{"role":"assistant","content":"Yes."},{"role":"user","content":"Why?"}"#)
            let others = try #require(third["usage"])
            let readNow =
                try #require(others["prompt_tokens"]?.number)
                - (others["prompt_tokens_details"]?["cached_tokens"]?.number ?? 0)
            #expect(readNow < 40)
        }
    }

    @Test(
        "says what is wrong",
        arguments: [
            (#"{"messages":[]}"#, "messages"), (#"{}"#, "messages"),
            (#"{"messages":[{"role":"robot","content":"a"}]}"#, "messages.[0].role"),
            (#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "messages.[0].content"),
            (#"{"messages":[{"role":"user","content":"a"}],"top_logprobs":3}"#, "top_logprobs"),
            (#"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"xml"}}"#, "response_format.type"),
            (#"{"messages":[{"role":"user","content":"a"}],"tool_choice":"required"}"#, "tool_choice"),
            (
                #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"string","pattern":"a"}}}}"#,
                "response_format"
            ),
        ])
    func mistakes(body: String, param: String) async throws {
        try await withServer { client in
            let answer = try await client.post("/v1/chat/completions", body)
            #expect(answer.status == 400)
            #expect(answer.json?["error"]?["param"]?.text == param, "\(answer.text)")
        }
    }
}

@Suite("POST /v1/embeddings")
struct EmbeddingTests {
    @Test("gives each text a vector of length 1, near those of texts that are alike")
    func vectors() async throws {
        try await withServer { client in
            let texts = ["the cat sat on the mat", "the cat sat on the mat.", "0123456789!?"]
            let answer = try await client.post(
                "/v1/embeddings", #"{"input":["\#(texts.joined(separator: #"",""#))"],"dimensions":64}"#)
            #expect(answer.status == 200, "\(answer.text)")
            let vectors = answer.json?["data"]?.items.map { $0["embedding"]?.items.compactMap(\.number) ?? [] } ?? []
            #expect(vectors.count == 3)
            for vector in vectors {
                #expect(vector.count == 64)
                #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
            }
            let again = try await client.post("/v1/embeddings", #"{"input":"\#(texts[0])","dimensions":64}"#)
            #expect(again.json?["data"]?[0]?["embedding"]?.items.compactMap(\.number) == vectors[0])
        }
    }
}
