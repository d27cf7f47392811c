import AsyncHTTPClient
import Foundation
import Generation
import NIOCore
import NIOHTTP1
import Serving
import TestSupport
import Testing
import Tokenizers

/// The path of a store in a folder of its own, removed at the end.
private func withStorePath(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("serve-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appendingPathComponent("store.sqlite").path)
}

@Suite("/v1/conversations")
struct ConversationRouteTests {
    private let sampling = #""max_tokens":6,"seed":1,"logit_bias":{"0":-100}"#

    @Test("are begun, gone on with, forked, edited and removed")
    func tree() async throws {
        try await withStorePath { path in
            try await withServer({ $0.storePath = path }) { client in
                let made = try await client.post("/v1/conversations", #"{"title":"t","system":"Be brief."}"#)
                #expect(made.status == 201)
                let base = "/v1/conversations/" + (try #require(made.json?["id"]?.text))
                let first = try await client.post(base + "/messages", "{\"content\":\"one\",\(sampling)}")
                #expect(first.status == 200, "\(first.text)")
                let answer = try #require(first.json?["message"])
                let second = try await client.post(base + "/messages", "{\"content\":\"two\",\(sampling)}")
                #expect(second.json?["user"]?["parent"] == answer["id"])
                // The same words at the same place get the same answer.
                let user = try #require(second.json?["user"]?["id"]?.number)
                let again = try await client.post(
                    base + "/regenerate", "{\"message\":\(Int(user)),\(sampling)}")
                #expect(again.json?["message"]?["content"] == second.json?["message"]?["content"])
                #expect(again.json?["message"]?["id"] != second.json?["message"]?["id"])
                // An edited turn is another one after the same parent.
                let parent = Int(try #require(answer["id"]?.number))
                let edited = try await client.post(
                    base + "/messages", "{\"content\":\"three\",\"parent\":\(parent),\(sampling)}")
                #expect(edited.json?["user"]?["parent"] == answer["id"])
                let whole = try await client.get(base)
                #expect(whole.json?["messages"]?.items.count == 8)
                #expect(whole.json?["current"] == edited.json?["message"]?["id"])
                var rewind = HTTPClientRequest(url: client.base + base)
                rewind.method = .PATCH
                rewind.body = .bytes(ByteBuffer(string: "{\"current\":\(parent)}"))
                #expect(try await client.send(rewind).json?["current"]?.number == Double(parent))
                var remove = HTTPClientRequest(url: client.base + base)
                remove.method = .DELETE
                #expect(try await client.send(remove).status == 200)
                let gone = try await client.get(base)
                #expect(gone.status == 404)
                #expect(gone.json?["error"]?["code"]?.text == "conversation_not_found")
            }
        }
    }

    @Test("stream their answers with probabilities, and keep what a client that left has got")
    func streamed() async throws {
        try await withStorePath { path in
            try await withServer({ $0.storePath = path }) { client in
                let made = try await client.post("/v1/conversations", "{}")
                let base = "/v1/conversations/" + (try #require(made.json?["id"]?.text))
                let streamed = try await client.post(
                    base + "/messages", "{\"content\":\"one\",\"stream\":true,\"top_logprobs\":2,\(sampling)}")
                let events = try streamed.events.dropLast().map {
                    try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8))
                }
                #expect(events.first?["type"]?.text == "user")
                #expect(events.last?["type"]?.text == "assistant")
                #expect(events.compactMap { $0["token"]?["top"]?.items.count } == [Int](repeating: 2, count: 6))
                #expect(
                    events.compactMap { $0["text"]?.text }.joined() == events.last?["message"]?["content"]?.text)
                let asking = Task {
                    try await client.post(
                        base + "/messages",
                        #"{"content":"two","stream":true,"max_tokens":10000000,"logit_bias":{"0":-100}}"#)
                }
                while try await client.metric("rwkv_tokens_written_total") < 60 {
                    try await Task.sleep(for: .milliseconds(5))
                }
                // Tokens are handed out every 40 ms.
                try await Task.sleep(for: .milliseconds(200))
                asking.cancel()
                for _ in 0..<1000 {
                    if try await client.get(base).json?["messages"]?.items.count == 4 { break }
                    try await Task.sleep(for: .milliseconds(10))
                }
                let kept = try await client.get(base).json?["messages"]?[3]
                #expect(kept?["role"]?.text == "assistant")
                #expect((kept?["content"]?.text?.count ?? 0) > 5)
            }
        }
    }

    @Test("are there after a restart, with what was read of them")
    func restarted() async throws {
        try await withStorePath { path in
            var id = ""
            let long = String(repeating: "word ", count: 400)
            try await withServer({ $0.storePath = path }) { client in
                let made = try await client.post("/v1/conversations", "{}")
                id = try #require(made.json?["id"]?.text)
                _ = try await client.post(
                    "/v1/conversations/\(id)/messages", "{\"content\":\"\(long)\",\(sampling)}")
                _ = try await client.post(
                    "/v1/chat/completions", #"{"messages":[{"role":"user","content":"\#(long)!"}],\#(sampling)}"#)
            }
            try await withServer({ $0.storePath = path }) { client in
                #expect(try await client.get("/v1/conversations").json?["data"]?.items.count == 1)
                let next = try await client.post(
                    "/v1/conversations/\(id)/messages", "{\"content\":\"more\",\(sampling)}")
                let usage = try #require(next.json?["usage"])
                let cached = try #require(usage["prompt_tokens_details"]?["cached_tokens"]?.number)
                #expect(cached > 1900)
                // A plain client that sends everything again waits for what is new only, too.
                let chat = try await client.post(
                    "/v1/chat/completions",
                    #"""
                    {"messages":[{"role":"user","content":"\#(long)!"},{"role":"assistant","content":"Yes."},
                                 {"role":"user","content":"And?"}],\#(sampling)}
                    """#)
                let chatUsage = try #require(chat.json?["usage"])
                let again = try #require(chatUsage["prompt_tokens_details"]?["cached_tokens"]?.number)
                #expect(again / (chatUsage["prompt_tokens"]?.number ?? 1) > 0.95)
            }
        }
    }

    @Test("are exported and imported, and are each key's own")
    func exchange() async throws {
        let keys = (0..<2).map { _ in APIKeys.newKey() }
        let entries = zip(["Ann", "Ben"], keys).map { APIKeys.Entry(name: $0, hash: APIKeys.hash(of: $1)) }
        try await withStorePath { path in
            try await withServer({
                $0.storePath = path
                $0.keys = APIKeys(entries)
            }) { client in
                var (ann, ben) = (client, client)
                ann.headers.add(name: "Authorization", value: "Bearer \(keys[0])")
                ben.headers.add(name: "Authorization", value: "Bearer \(keys[1])")
                let made = try await ann.post("/v1/conversations", #"{"title":"secret"}"#)
                let base = "/v1/conversations/" + (try #require(made.json?["id"]?.text))
                _ = try await ann.post(base + "/messages", "{\"content\":\"one\",\(sampling)}")
                #expect(try await ben.get(base).status == 404)
                #expect(try await ben.get(base + "/export").status == 404)
                #expect(try await ben.post(base + "/messages", "{\"content\":\"two\"}").status == 404)
                #expect(try await ben.get("/v1/conversations").json?["data"]?.items.isEmpty == true)

                var request = HTTPClientRequest(url: client.base + base + "/export")
                request.headers.add(name: "Authorization", value: "Bearer \(keys[0])")
                let exported = try await HTTPClient.shared.execute(request, timeout: .seconds(10)).body.collect(
                    upTo: 1 << 24)
                var sent = HTTPClientRequest(url: client.base + "/v1/conversations/import")
                sent.method = .POST
                sent.body = .bytes(exported)
                let taken = try await ben.send(sent)
                #expect(taken.status == 201, "\(taken.text)")
                let id = try #require(taken.json?["id"]?.text)
                #expect(try await ben.get("/v1/conversations/" + id).json?["messages"]?[0]?["content"]?.text == "one")
                sent.body = .bytes(ByteBuffer(string: "nothing of the kind"))
                #expect(try await ben.send(sent).status == 400)
            }
        }
    }
}

@Suite("Ollama's interface")
struct OllamaTests {
    @Test("writes, chats and lists")
    func answers() async throws {
        try await withServer { client in
            #expect(try await client.get("/api/tags").json?["models"]?[1]?["name"]?.text == "other")
            let options = #""options":{"seed":1,"num_predict":5,"temperature":0.5}"#
            let whole = try await client.post(
                "/api/generate", #"{"model":"tiny:latest","prompt":"a","stream":false,\#(options)}"#)
            #expect(whole.json?["done"] == .bool(true))
            #expect((whole.json?["eval_count"]?.number ?? 0) > 0)
            let lines = try await client.post(
                "/api/chat", #"{"model":"tiny","messages":[{"role":"user","content":"a"}],\#(options)}"#
            ).text.split(separator: "\n").map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
            #expect(lines.last?["done"] == .bool(true))
            let text = lines.compactMap { $0["message"]?["content"]?.text }.joined()
            #expect(text == whole.json?["response"]?.text)
            let json = try await client.post(
                "/api/generate",
                #"{"prompt":"a","stream":false,"format":{"type":"boolean"},"options":{"num_predict":20}}"#)
            #expect(["true", "false"].contains(json.json?["response"]?.text))
        }
    }
}
