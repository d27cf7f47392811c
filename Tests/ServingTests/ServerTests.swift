import AsyncHTTPClient
import Foundation
import Generation
import NIOCore
import NIOHTTP1
import Serving
import TestSupport
import Testing

@Suite("A server")
struct ServerTests {
    @Test("lists its models and says that it is well")
    func lists() async throws {
        try await withServer { client in
            #expect(try await client.get("/health").status == 200)
            let models = try await client.get("/v1/models")
            #expect(models.json?["data"]?.items.compactMap { $0["id"]?.text } == ["tiny", "other"])
            #expect(try await client.get("/v1/models/other").json?["id"]?.text == "other")
            let missing = try await client.get("/v1/models/none")
            #expect(missing.status == 404)
            #expect(missing.json?["error"]?["code"]?.text == "model_not_found")
        }
    }

    @Test(
        "opens no file that a request names",
        arguments: [
            "/v1/../../etc/hostname", "//etc/hostname", "/%2e%2e/%2e%2e/etc/hostname",
            "/v1/models/..%2f..%2fetc%2fhostname",
            "/v1/conversations/..%2f..%2fetc%2fhostname", "/v1/conversations/%2Fetc%2Fhostname/export",
        ])
    func paths(path: String) async throws {
        let folder = FileManager.default.temporaryDirectory.path
        let store = folder + "/paths-\(UInt64.random(in: 0 ... .max)).sqlite"
        defer { for end in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store + end) } }
        try await withServer({ $0.storePath = store }) { client in
            let nowhere = try await client.get(path)
            #expect(nowhere.status == 404)
            #expect(nowhere.json?["error"]?["message"]?.text != nil)
            for name in ["/etc/hostname", "../tiny", "tiny,lora=/etc/hostname"] {
                for route in ["/v1/completions", "/api/generate"] {
                    let answer = try await client.post(route, #"{"model":"\#(name)","prompt":"a"}"#)
                    #expect(answer.status == 404)
                    #expect(answer.json?["error"]?["code"]?.text == "model_not_found")
                }
            }
        }
    }

    @Test("answers many at once with the bits that each would get alone")
    func sameAsAlone() async throws {
        // Long and short prompts, one and several answers, streamed and not, two models, with and without a grammar.
        let requests = (0..<24).map { number -> (path: String, body: String) in
            let prompt = String(repeating: "word\(number) ", count: number % 5 == 0 ? 120 : 1 + number)
            let fields =
                #""model":"\#(number % 3 == 0 ? "other" : "tiny")","seed":\#(number),"stream":\#(number % 4 == 1),"#
                + #""temperature":0.9,"n":\#(1 + number % 2)"#
            return number % 2 == 0
                ? (
                    "/v1/completions",
                    #"{\#(fields),"prompt":"\#(prompt)","max_tokens":\#(5 + 3 * number),"logprobs":2}"#
                )
                : (
                    "/v1/chat/completions",
                    #"{\#(fields),"messages":[{"role":"user","content":"\#(prompt)"}],"max_tokens":30,"logprobs":true,"#
                        + #""response_format":{"type":"\#(number % 6 == 1 ? "json_object" : "text")"}}"#
                )
        }
        // What does not depend on the request alone: names, times, and what was cached.
        /// The answers to a request, each as one: how a stream is cut into pieces is a matter of time.
        @Sendable func essence(_ answer: TestClient.Answer) throws -> [Int: JSONValue] {
            let texts = answer.events.isEmpty ? [answer.text] : Array(answer.events.dropLast())
            var byAnswer: [Int: JSONValue] = [:]
            for text in texts {
                let value = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
                for choice in value["choices"]?.items ?? [] {
                    byAnswer[Int(choice["index"]?.number ?? -1), default: .null].append(choice)
                }
            }
            return byAnswer
        }
        var alone: [[Int: JSONValue]] = []
        try await withServer({ $0.cacheBytes = 0 }) { client in
            for request in requests { alone.append(try essence(await client.post(request.path, request.body))) }
        }
        #expect(alone.allSatisfy { !$0.isEmpty })
        try await withServer({ $0.threadCount = 2 }) { client in
            let together = try await withThrowingTaskGroup(of: (Int, [Int: JSONValue]).self) { group in
                for (place, request) in requests.enumerated() {
                    group.addTask { (place, try essence(await client.post(request.path, request.body))) }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for (place, expected) in alone.enumerated() {
                #expect(together[place] == expected, "request \(place)")
            }
        }
    }

    @Test("counts what it does")
    func metrics() async throws {
        try await withServer { client in
            _ = try await client.post("/v1/completions", #"{"prompt":"abc","max_tokens":3,"logit_bias":{"0":-100}}"#)
            let text = try await client.get("/metrics").text
            #expect(text.contains("\nrwkv_tokens_read_total 4\n"))
            #expect(text.contains("\nrwkv_tokens_written_total 3\n"))
            #expect(text.contains("rwkv_http_requests_total{route=\"/v1/completions\",status=\"200\"} 1"))
            #expect(text.contains("# TYPE rwkv_http_request_seconds histogram"))
        }
    }

    @Test("stops writing when a client goes away, streamed or not", arguments: [false, true])
    func disconnected(streamed: Bool) async throws {
        try await withServer { client in
            let body = #"{"prompt":"a","max_tokens":10000000,"stream":\#(streamed),"logit_bias":{"0":-100}}"#
            let asking = Task { try await client.post("/v1/completions", body) }
            while try await client.metric("rwkv_tokens_written_total") < 20 {
                try await Task.sleep(for: .milliseconds(5))
            }
            asking.cancel()
            try await client.wait(until: "rwkv_generations_running", is: 0)
            #expect(try await client.metric("rwkv_generations_cancelled_total") == 1)
            #expect(try await client.metric("rwkv_tokens_written_total") < 10_000_000)
        }
    }

    @Test("refuses what does not fit into its queue, and says when to come back")
    func queueFull() async throws {
        try await withServer({ ($0.engine.streams, $0.engine.waiting) = (1, 1) }) { client in
            let body = #"{"prompt":"a","max_tokens":10000000,"logit_bias":{"0":-100}}"#
            let running = Task { try await client.post("/v1/completions", body) }
            try await client.wait(until: "rwkv_generations_running", is: 1)
            let waiting = Task { try await client.post("/v1/completions", body) }
            try await client.wait(until: "rwkv_generations_waiting", is: 1)
            let refused = try await client.post("/v1/completions", body)
            #expect(refused.status == 429)
            #expect(refused.headers.first(name: "Retry-After") != nil)
            #expect(refused.json?["error"]?["code"]?.text == "queue_full")
            for task in [running, waiting] { task.cancel() }
        }
    }

    @Test("gives up what takes too long")
    func timeLimit() async throws {
        try await withServer({ $0.timeLimit = 0.2 }) { client in
            let answer = try await client.post(
                "/v1/completions", #"{"prompt":"a","max_tokens":10000000,"logit_bias":{"0":-100}}"#)
            #expect(answer.status == 503)
            #expect(answer.json?["error"]?["code"]?.text == "deadline_exceeded")
        }
    }

    @Test("refuses what is too long")
    func limits() async throws {
        try await withServer({ ($0.bodyLimit, $0.engine.promptTokens, $0.headerLimit) = (1000, 50, 4000) }) { client in
            let long = String(repeating: "a", count: 2000)
            #expect(try await client.post("/v1/completions", "{\"prompt\":\"\(long)\"}").status == 413)
            let prompt = try await client.post("/v1/completions", "{\"prompt\":\"\(long.prefix(80))\"}")
            #expect(prompt.status == 400)
            #expect(prompt.json?["error"]?["code"]?.text == "context_length_exceeded")
            #expect(prompt.json?["error"]?["param"]?.text == "prompt")
            let chat = try await client.post(
                "/v1/chat/completions", #"{"messages":[{"role":"user","content":"\#(long.prefix(80))"}]}"#)
            #expect(chat.json?["error"]?["param"]?.text == "messages")
            var other = client
            other.headers.add(name: "X-Long", value: String(repeating: "a", count: 5000))
            let refused = try? await other.get("/health")
            #expect(refused.map { $0.status == 400 || $0.status == 431 } ?? true)
            #expect(try await client.get("/health").status == 200)
        }
    }

    @Test("lets in who shows a key, as often as it may")
    func keys() async throws {
        let key = APIKeys.newKey()
        let keys = APIKeys([
            APIKeys.Entry(name: "Ann", hash: APIKeys.hash(of: key), concurrent: 2, tokensPerMinute: 10)
        ])
        try await withServer({ $0.keys = keys }) { client in
            #expect(try await client.get("/health").status == 200)
            for path in ["/v1/models", "/metrics"] {
                let refused = try await client.get(path)
                #expect(refused.status == 401)
                #expect(refused.json?["error"]?["code"]?.text == "missing_api_key")
            }
            var wrong = client
            wrong.headers.add(name: "Authorization", value: "Bearer " + APIKeys.newKey())
            #expect(try await wrong.get("/v1/models").json?["error"]?["code"]?.text == "invalid_api_key")
            var right = client
            right.headers.add(name: "Authorization", value: "Bearer " + key)
            #expect(try await right.get("/v1/models").status == 200)
            let body = #"{"prompt":"abcdef","max_tokens":9,"logit_bias":{"0":-100}}"#
            #expect(try await right.post("/v1/completions", body).status == 200)
            let limited = try await right.post("/v1/completions", body)
            #expect(limited.status == 429)
            #expect(limited.json?["error"]?["code"]?.text == "rate_limit_exceeded")
            #expect(limited.headers.first(name: "Retry-After") != nil)
        }
    }

    @Test("refuses a key's requests beyond those that it may have at once")
    func concurrent() async throws {
        let key = APIKeys.newKey()
        let keys = APIKeys([APIKeys.Entry(name: "Ann", hash: APIKeys.hash(of: key), concurrent: 1)])
        try await withServer({ $0.keys = keys }) { client in
            var own = client
            own.headers.add(name: "Authorization", value: "Bearer " + key)
            let asker = own
            let body = #"{"prompt":"a","max_tokens":10000000,"logit_bias":{"0":-100}}"#
            let running = Task { try await asker.post("/v1/completions", body) }
            try await asker.wait(until: "rwkv_generations_running", is: 1)
            let refused = try await asker.post("/v1/completions", body)
            #expect(refused.status == 429)
            #expect(refused.headers.first(name: "Retry-After") == "1")
            running.cancel()
            try await asker.wait(until: "rwkv_generations_running", is: 0)
            // The request that was given up counts no more.
            let after = #"{"prompt":"a","max_tokens":1}"#
            var status = 429
            for _ in 0..<200 where status == 429 {
                status = try await asker.post("/v1/completions", after).status
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(status == 200)
        }
    }

    @Test("does not tell a key what others have asked")
    func separateStates() async throws {
        let keys = (0..<2).map { _ in APIKeys.newKey() }
        let entries = zip(["Ann", "Ben"], keys).map { APIKeys.Entry(name: $0, hash: APIKeys.hash(of: $1)) }
        try await withServer({ $0.keys = APIKeys(entries) }) { client in
            let body = #"{"prompt":"\#(String(repeating: "abc ", count: 200))","max_tokens":2,"seed":1}"#
            var known: [Double?] = []
            for key in [keys[0], keys[0], keys[1], keys[1]] {
                var own = client
                own.headers.add(name: "Authorization", value: "Bearer " + key)
                let answer = try await own.post("/v1/completions", body)
                known.append(answer.json?["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.number)
            }
            #expect(known == [0, 801, 0, 801])
        }
    }

    @Test("lets web pages in only from where it is told")
    func origins() async throws {
        try await withServer { client in
            var page = client
            page.headers.add(name: "Origin", value: "https://a.example")
            let answer = try await page.get("/v1/models")
            #expect(answer.headers.first(name: "Access-Control-Allow-Origin") == nil)
            #expect(answer.status == 403)
            var own = client
            own.headers.add(name: "Origin", value: client.base)
            #expect(try await own.get("/v1/models").status == 200)
            // Names that were made to point here.
            for name in ["evil.example:8080", "127.evil.example", "localhost.evil.example", "127.0.0.1.evil.example"] {
                var rebound = client
                rebound.headers.add(name: "Host", value: name)
                let refused = try await rebound.get("/v1/models")
                #expect(refused.status == 403)
                #expect(refused.json?["error"]?["code"]?.text == "host_not_allowed")
            }
        }
        try await withServer({ $0.allowedOrigins = ["https://a.example"] }) { client in
            for (origin, allowed) in [("https://a.example", true), ("https://b.example", false)] {
                var page = client
                page.headers.add(name: "Origin", value: origin)
                let answer = try await page.get("/v1/models")
                #expect((answer.headers.first(name: "Access-Control-Allow-Origin") == origin) == allowed)
            }
            // A proxy that is called so passes its name on.
            var proxied = client
            proxied.headers.add(name: "Host", value: "a.example")
            #expect(try await proxied.get("/v1/models").status == 200)
            var preflight = HTTPClientRequest(url: client.base + "/v1/completions")
            preflight.method = .OPTIONS
            preflight.headers.add(name: "Origin", value: "https://a.example")
            let answer = try await client.send(preflight)
            #expect(answer.status == 204)
            #expect(answer.headers.first(name: "Access-Control-Allow-Headers")?.contains("authorization") == true)
        }
    }

    @Test("loads models when they are asked for, and says so if one cannot be")
    func loading() async throws {
        let broken = ServedModel(name: "broken") { throw TestFailure(description: "a secret path") }
        try await withServer({ $0.modelLimit = 1 }, models: [byteModel("tiny"), broken, byteModel("other", seed: 2)]) {
            client in
            for name in ["tiny", "other", "tiny"] {
                let answer = try await client.post(
                    "/v1/completions", #"{"model":"\#(name)","prompt":"a","max_tokens":1}"#)
                #expect(answer.json?["model"]?.text == name)
            }
            let answer = try await client.post("/v1/completions", #"{"model":"broken","prompt":"a"}"#)
            #expect(answer.status == 503)
            #expect(!answer.text.contains("secret"))
        }
        #expect(throws: ServerError.noModels) { try Server(ServerSettings(), models: []) }
        #expect(throws: ServerError.twoModels(name: "a")) {
            try Server(ServerSettings(), models: [byteModel("a"), byteModel("a")])
        }
    }
}

extension TestClient {
    /// Waits until a number that the server counts has a value.
    func wait(until name: String, is value: Double) async throws {
        for _ in 0..<2000 {
            if try await metric(name) == value { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestFailure(description: "\(name) does not become \(value)")
    }

    /// Waits until a number that the server counts has grown to a value.
    func wait(until name: String, isAtLeast value: Double) async throws {
        for _ in 0..<6000 {
            if try await metric(name) >= value { return }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw TestFailure(description: "\(name) does not grow to \(value)")
    }

    /// A number that the server counts.
    func metric(_ name: String) async throws -> Double {
        let lines = try await get("/metrics").text.split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix(name + " ") }) else { return -1 }
        return Double(line.split(separator: " ").last ?? "") ?? -1
    }
}

extension JSONValue {
    /// Joins a later piece of the same thing: texts and lists go on, fields are joined one by one.
    fileprivate mutating func append(_ other: JSONValue) {
        switch (self, other) {
        case (_, .null): break
        case (.string(let text), .string(let more)): self = .string(text + more)
        case (.array(let items), .array(let more)): self = .array(items + more)
        case (.object(var fields), .object(let more)):
            for (name, value) in more { fields[name, default: .null].append(value) }
            self = .object(fields)
        default: self = other
        }
    }
}
