import AsyncHTTPClient
import Foundation
import Generation
import NIOCore
import NIOHTTP1
import Serving
import Synchronization
import TestSupport
import Tokenizers

/// A server of small random models, running as long as `body` does.
func withServer(
    _ change: (inout ServerSettings) -> Void = { _ in }, models: [ServedModel]? = nil,
    _ body: (TestClient) async throws -> Void
) async throws {
    var settings = ServerSettings()
    settings.port = 0
    settings.threadCount = 1
    settings.logs = .nothing
    // Requests that a test gives up must not be at their end before, however slow the machine is.
    settings.answerLimit = 10_000_000
    change(&settings)
    let server = try Server(settings, models: models ?? [byteModel("tiny"), byteModel("other", seed: 2)])
    let (ports, continuation) = AsyncStream<Int>.makeStream()
    let running = Task {
        defer { continuation.finish() }
        try await server.run(heedsSignals: false) { continuation.yield($0) }
    }
    var iterator = ports.makeAsyncIterator()
    guard let port = await iterator.next() else {
        try await running.value
        return
    }
    do {
        try await body(TestClient(base: "\(settings.certificate == nil ? "http" : "https")://127.0.0.1:\(port)"))
    } catch {
        running.cancel()
        throw error
    }
    running.cancel()
    _ = try? await running.value
}

/// A random model over bytes.
func byteModel(_ name: String, seed: UInt64 = 1, format: ChatFormat = ChatFormat(.world)) -> ServedModel {
    ServedModel(name: name) {
        LoadedModel(
            try randomByteModel(seed: seed), ByteTokenizer(), template: format, fingerprint: "\(name) \(seed)")
    }
}

/// Asks a server.
struct TestClient: Sendable {
    let base: String
    var headers: HTTPHeaders = [:]
    var http = HTTPClient.shared

    struct Answer {
        let status: Int
        let headers: HTTPHeaders
        let text: String

        /// The answer as JSON; `nil` if it is none.
        var json: JSONValue? { try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

        /// The data of server-sent events.
        var events: [String] {
            text.components(separatedBy: "\n\n").filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
        }
    }

    func get(_ path: String) async throws -> Answer { try await send(HTTPClientRequest(url: base + path)) }

    func post(_ path: String, _ body: String) async throws -> Answer {
        var request = HTTPClientRequest(url: base + path)
        request.method = .POST
        request.body = .bytes(ByteBuffer(string: body))
        return try await send(request)
    }

    func send(_ request: HTTPClientRequest) async throws -> Answer {
        var request = request
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await http.execute(request, timeout: .seconds(60))
        let body = try await response.body.collect(upTo: 64 << 20)
        return Answer(
            status: Int(response.status.code), headers: response.headers, text: String(buffer: body))
    }
}

extension JSONValue {
    subscript(_ key: String) -> JSONValue? {
        if case .object(let fields) = self { fields[key] } else { nil }
    }

    subscript(_ index: Int) -> JSONValue? {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { nil }
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
}

/// What went wrong in a test itself.
struct TestFailure: Error {
    let description: String
}
