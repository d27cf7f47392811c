import Dispatch
import NIOHTTP1
import Serving
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sends bytes in one piece to a port of this machine, and gives what comes back until the connection is closed, or nothing has
/// come for 20 seconds. Clients do not send a request before the last one is answered; this does.
private func exchange(port: Int, _ text: String) async -> String {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: exchangeWaiting(port: port, text)) }
    }
}

private func exchangeWaiting(port: Int, _ text: String) -> String {
    #if canImport(Glibc)
        let kind = Int32(SOCK_STREAM.rawValue)
    #else
        let kind = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, kind, 0)
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let status = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    let bytes = Array(text.utf8)
    guard status == 0, send(descriptor, bytes, bytes.count, 0) == bytes.count else { return "" }
    var received: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { return String(decoding: received, as: UTF8.self) }
        received += piece.prefix(count)
    }
}

@Suite("A connection")
struct ConnectionTests {
    private let fields = #""prompt":"a","max_tokens":2,"logit_bias":{"0":-100}"#

    @Test("is kept for the next request", arguments: [false, true])
    func kept(streamed: Bool) async throws {
        try await withServer { client in
            let answer = try await client.post("/v1/completions", "{\(fields),\"stream\":\(streamed)}")
            #expect(answer.status == 200)
            #expect(answer.headers.first(name: "Connection") != "close")
        }
    }

    @Test("answers requests that come before the last is answered", arguments: [false, true])
    func pipelined(streamed: Bool) async throws {
        try await withServer { client in
            let body = "{\(fields),\"stream\":\(streamed)}"
            func request(_ header: String) -> String {
                "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n\(header)Content-Length: \(body.utf8.count)\r\n\r\n"
                    + body
            }
            let received = await exchange(
                port: try client.port, request("") + request("") + request("Connection: close\r\n"))
            #expect(received.ranges(of: "HTTP/1.1 200").count == 3, "\(received)")
        }
    }

    @Test("cannot be made where another program listens, and that is said")
    func portInUse() async throws {
        try await withServer { client in
            let port = try client.port
            var settings = ServerSettings()
            settings.port = port
            settings.threadCount = 1
            settings.logs = .nothing
            let other = try Server(settings, models: [byteModel("a")])
            let expected = ServerError.portInUse(host: "127.0.0.1", port: port)
            #expect(expected.description.contains("127.0.0.1:\(port)"))
            await #expect(throws: expected) { try await other.run(heedsSignals: false) }
        }
    }
}

extension TestClient {
    /// The server's port.
    fileprivate var port: Int {
        get throws { try #require(base.split(separator: ":").last.flatMap { Int($0) }) }
    }
}
