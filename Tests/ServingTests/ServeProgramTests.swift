import AsyncHTTPClient
import Foundation
import Generation
import NIOHTTP1
import Serving
import TestSupport
import Testing

/// `rwkv serve` as a process of its own, which can be killed.
private final class ServeProcess {
    let client: TestClient
    private let process = Process()
    private let log: String

    /// Starts it and waits until it serves. What it says goes to `log`.
    init(log: String, _ arguments: [String]) async throws {
        self.log = log
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        let tests = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        process.executableURL = tests.appendingPathComponent("rwkv")
        process.arguments = ["serve", "--port", "0", "--threads", "1"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        for _ in 0..<6000 {
            let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
            if let line = lines.first(where: { $0.hasPrefix("serving ") }), let base = line.split(separator: " ").last {
                // A server that others may reach is asked at this machine's own address all the same.
                client = TestClient(base: String(base).replacing("0.0.0.0", with: "127.0.0.1"))
                return
            }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestFailure(description: try String(contentsOfFile: log, encoding: .utf8))
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// What it has said.
    var said: String { get throws { try String(contentsOfFile: log, encoding: .utf8) } }

    /// Ends it.
    /// - Returns: Its exit status.
    func end(_ signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

@Suite("rwkv serve")
struct ServeProgramTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/serve-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("loses no turn that it has acknowledged when it is killed")
    func killed() async throws {
        try await withFolder { folder in
            let arguments = ["--store", folder + "/store.sqlite"]
            // One that does not try for a minute to reach a server that is gone.
            var configuration = HTTPClient.Configuration()
            configuration.connectionPool.retryConnectionEstablishment = false
            let http = HTTPClient(configuration: configuration)
            /// A conversation, the message of its answer, and its words.
            var acknowledged: [(id: String, message: JSONValue?, text: JSONValue?)] = []
            for round in 0..<2 {
                let server = try await ServeProcess(log: folder + "/log\(round)", arguments)
                var connected = server.client
                connected.http = http
                let client = connected
                acknowledged += try await withThrowingTaskGroup(of: [(String, JSONValue?, JSONValue?)].self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            var own: [(String, JSONValue?, JSONValue?)] = []
                            let made = try await client.post("/v1/conversations", "{}")
                            guard let id = made.json?["id"]?.text else { return [] }
                            // Until the server is gone.
                            while let answer = try? await client.post(
                                "/v1/conversations/\(id)/messages", #"{"content":"Tom had","max_tokens":8}"#),
                                let message = answer.json?["message"]
                            {
                                own.append((id, message["id"], message["content"]))
                            }
                            return own
                        }
                    }
                    try await client.wait(until: "rwkv_generations_finished_total", isAtLeast: 12)
                    #expect(server.end(SIGKILL) != 0)
                    return try await group.reduce(into: []) { $0 += $1 }
                }
            }
            try await http.shutdown()
            #expect(acknowledged.count >= 16)
            let server = try await ServeProcess(log: folder + "/log", arguments)
            for (id, message, text) in acknowledged {
                let messages = try await server.client.get("/v1/conversations/\(id)").json?["messages"]?.items ?? []
                let found = messages.first { $0["id"] == message }
                #expect(found?["content"] == text && found != nil)
            }
            // Asked to end, it ends well.
            #expect(server.end(SIGTERM) == 0)
        }
    }

    @Test("logs neither keys nor texts, keeps hashes only, and warns when others can reach it")
    func secrets() async throws {
        try await withFolder { folder in
            let keys = folder + "/keys.json"
            let maker = Process()
            let tests = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
            maker.executableURL = tests.appendingPathComponent("rwkv")
            maker.arguments = ["serve", "--new-key", "Ann", "--keys", keys]
            let printed = Pipe()
            maker.standardOutput = printed
            maker.standardError = FileHandle.nullDevice
            try maker.run()
            let key = String(decoding: try printed.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(key.hasPrefix("rwkv-") && key.count == 69)
            let kept = try String(contentsOfFile: keys, encoding: .utf8)
            #expect(!kept.contains(key.dropFirst(5)))
            #expect(kept.contains(APIKeys.hash(of: key)))

            let server = try await ServeProcess(
                log: folder + "/log", ["--verbose", "--keys", keys, "--store", folder + "/store.sqlite"])
            var own = server.client
            own.headers.add(name: "Authorization", value: "Bearer " + key)
            let secret = "Xylophone"
            for (path, body) in [
                ("/v1/completions", #"{"prompt":"\#(secret)","max_tokens":3}"#),
                ("/v1/completions", #"{"prompt":"\#(secret)","max_tokens":-3}"#),
                ("/v1/\(secret)", "{}"), ("/v1/conversations", #"{"title":"\#(secret)"}"#),
            ] {
                _ = try await own.post(path, body)
            }
            _ = server.end(SIGTERM)
            let said = try server.said
            #expect(said.contains("/v1/completions"))
            for text in [key, String(key.dropFirst(5)), APIKeys.hash(of: key), secret] {
                #expect(!said.contains(text), "\(said)")
            }
            #expect(!said.contains("warning"))

            let open = try await ServeProcess(log: folder + "/open", ["--host", "0.0.0.0", "--store", "none"])
            #expect(try open.said.contains("warning: everybody who reaches 0.0.0.0 can use this server"))
            #expect(try open.said.contains("warning: connections are not encrypted"))
            _ = open.end(SIGTERM)
        }
    }

    /// Runs the program to its end.
    private func run(_ arguments: [String]) throws -> (status: Int32, said: String) {
        let process = Process()
        let tests = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        process.executableURL = tests.appendingPathComponent("rwkv")
        process.arguments = arguments
        let said = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = said
        try process.run()
        let text = String(decoding: try said.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(
        "refuses options that mean nothing",
        arguments: [
            (["--new-key", ""], "a key needs a name"), (["--new-key", " "], "a key needs a name"),
            (["--allow-origin", "foo"], "https://"), (["--allow-origin", "https://a.example/page"], "https://"),
            (["--allow-origin", "*"], "https://"),
        ])
    func options(given: [String], reason: String) async throws {
        try await withFolder { folder in
            let ended = try run(["serve", "--keys", folder + "/keys.json"] + given)
            #expect(ended.status == 64)
            #expect(ended.said.contains(reason), "\(ended.said)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/keys.json"))
        }
    }

    @Test("refuses a model without a tokenizer before it serves")
    func noTokenizer() async throws {
        try await withFolder { folder in
            // The model inside is no model of bytes, and its tokenizer does not go into this format.
            let model = folder + "/model.safetensors"
            #expect(try run(["convert", "built-in", model]).status == 0)
            let arguments = [model, "--store", "none"]
            var refusal: TestFailure?
            do {
                _ = try await ServeProcess(log: folder + "/log", arguments)
            } catch let error as TestFailure {
                refusal = error
            }
            let reason = try #require(refusal).description
            #expect(reason.contains("no tokenizer"), "\(reason)")
            #expect(reason.contains(model))
            #expect(try run(["serve", "--port", "0"] + arguments).status == 1)
        }
    }
}
