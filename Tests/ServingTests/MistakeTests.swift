import AsyncHTTPClient
import Foundation
import Generation
import NIOCore
import NIOHTTP1
import Serving
import Testing

/// A chat of one word, with more fields.
private func chat(_ fields: String) -> String { #"{"messages":[{"role":"user","content":"a"}],\#(fields)}"# }

/// A completion with more fields.
private func completion(_ fields: String) -> String { #"{"prompt":"a",\#(fields)}"# }

@Suite("A request that is wrong")
struct MistakeTests {
    @Test(
        "is told which of its numbers does not fit, and why",
        arguments: [
            ("/v1/completions", completion(#""max_tokens":1.5"#), "max_tokens", "must be a whole number"),
            ("/v1/completions", completion(#""max_tokens":99999999999999999999999"#), "max_tokens", "is too large"),
            ("/v1/completions", completion(#""seed":9223372036854775808"#), "seed", "is too large"),
            ("/v1/completions", completion(#""seed":-9223372036854775809"#), "seed", "is too small"),
            ("/v1/completions", completion(#""temperature":1e999"#), "temperature", "is too large"),
            ("/v1/completions", #"{"prompt":[1.5]}"#, "prompt", "does not fit"),
            ("/v1/chat/completions", chat(#""seed":1.5"#), "seed", "must be a whole number"),
            ("/v1/chat/completions", chat(#""top_k":1.5"#), "top_k", "must be a whole number"),
            ("/v1/embeddings", #"{"input":"a","dimensions":1.5}"#, "dimensions", "must be a whole number"),
            (
                "/api/generate", #"{"prompt":"a","options":{"num_predict":1.5}}"#, "options.num_predict",
                "must be a whole number"
            ),
        ] as [(String, String, String, String)])
    func numbers(path: String, body: String, param: String, message: String) async throws {
        try await expectMistake(path, Array(body.utf8), param: param, message: message)
    }

    @Test(
        "is told in the words of JSON, and of the field that was sent",
        arguments: [
            ("/v1/chat/completions", chat(#""max_tokens":-1"#), "max_tokens", "max_tokens is -1"),
            (
                "/v1/chat/completions", chat(#""max_completion_tokens":-1"#), "max_completion_tokens",
                "max_completion_tokens is -1"
            ),
            ("/v1/embeddings", #"{"input":[99999]}"#, "input", "99999"),
            ("/v1/embeddings", #"{"input":{}}"#, "input", "“input” must be a text"),
            ("/v1/completions", completion(#""stream_options":1"#), "stream_options", "must be an object"),
            ("/v1/completions", completion(#""stop":1"#), "stop", "must be an array"),
            ("/v1/completions", completion(#""max_tokens":"x""#), "max_tokens", "must be a whole number"),
            ("/v1/completions", completion(#""stream":1"#), "stream", "must be true or false"),
            ("/v1/completions", completion(#""top_p":2"#), "top_p", "top_p is 2;"),
            ("/v1/completions", completion(#""top_k":-1"#), "top_k", "top_k is -1;"),
            ("/v1/completions", completion(#""min_p":1.5"#), "min_p", "min_p is 1.5;"),
        ] as [(String, String, String, String)])
    func words(path: String, body: String, param: String, message: String) async throws {
        try await expectMistake(path, Array(body.utf8), param: param, message: message)
    }

    @Test("is told that a text is not Unicode", arguments: [#""\ud800""#, #"["b","\udc00"]"#, nil] as [String?])
    func unicode(prompt: String?) async throws {
        // Nothing stands for a byte that is in no UTF-8, which a `String` cannot hold.
        let value = prompt.map { Array($0.utf8) } ?? [0x22, 0xFF, 0x22]
        let body = Array(#"{"prompt":"#.utf8) + value + Array("}".utf8)
        try await expectMistake("/v1/completions", body, param: "prompt", message: "not valid Unicode")
    }

    @Test(
        "is refused for what these models cannot do",
        arguments: [
            ("/v1/chat/completions", chat(#""reasoning_effort":"foo""#), "reasoning_effort", "foo"),
            ("/v1/chat/completions", chat(#""modalities":["text","audio"]"#), "modalities", "audio"),
            ("/v1/chat/completions", chat(#""functions":[{"name":"f"}]"#), "functions", "tools"),
        ] as [(String, String, String, String)])
    func unsupported(path: String, body: String, param: String, message: String) async throws {
        try await expectMistake(path, Array(body.utf8), param: param, message: message)
    }

    @Test("is not made of fields that change nothing")
    func harmless() async throws {
        try await withServer { client in
            let fields =
                #""max_tokens":1,"modalities":["text"],"functions":[],"reasoning_effort":"low","nobody_knows":1"#
            let chat = try await client.post("/v1/chat/completions", chat(fields))
            #expect(chat.status == 200)
            let options = #"{"prompt":"a","stream":false,"options":{"num_predict":1,"repeat_penalty":1.1}}"#
            let generated = try await client.post("/api/generate", options)
            #expect(generated.status == 200)
        }
    }

    @Test(
        "is told which methods a path has",
        arguments: [
            ("GET", "/v1/completions", "POST"), ("PUT", "/v1/completions", "POST"),
            ("DELETE", "/v1/chat/completions", "POST"), ("POST", "/v1/models/tiny", "GET"),
        ])
    func methods(method: String, path: String, allowed: String) async throws {
        try await withServer { client in
            var request = HTTPClientRequest(url: client.base + path)
            request.method = HTTPMethod(rawValue: method)
            let answer = try await client.send(request)
            #expect(answer.status == 405)
            #expect(answer.headers.first(name: "Allow") == allowed)
            #expect(answer.json?["error"]?["code"]?.text == "method_not_allowed")
            #expect(try await client.get("/v1/nothing").status == 404)
        }
    }

    private func expectMistake(_ path: String, _ body: [UInt8], param: String, message: String) async throws {
        try await withServer { client in
            var request = HTTPClientRequest(url: client.base + path)
            request.method = .POST
            request.body = .bytes(ByteBuffer(bytes: body))
            let answer = try await client.send(request)
            #expect(answer.status == 400)
            let error = try #require(answer.json?["error"])
            #expect(error["param"]?.text == param, "\(answer.text)")
            #expect(error["message"]?.text?.contains(message) == true, "\(answer.text)")
        }
    }
}
