import Foundation
import Hub
import HubTestServer
import Testing

@Suite("A server that fails")
struct ServerFailureTests {
    typealias Reply = FakeHub.Reply

    private func list(
        _ replies: [Reply], token: String? = nil, log: EventLog = EventLog(),
        _ change: (inout HubLimits) -> Void = { _ in }
    ) async throws -> HubListing {
        let hub = try FakeHub(
            [.init("model.pth", [1])], onListing: { count, _ in count < replies.count ? replies[count] : nil })
        let client = try client(hub.hub.address, token: token, change)
        do {
            let listing = try await client.listing(of: HubReference(repository), onEvent: log.add)
            await client.shutdown()
            return listing
        } catch {
            await client.shutdown()
            throw error
        }
    }

    @Test(
        "and says that something is closed is not asked again; the message names HF_TOKEN",
        arguments: [
            (401, nil, HubError.unauthorized(repository: repository, hasToken: false)),
            (401, "RepoNotFound", .repositoryNotFound(repository: repository, hasToken: false)),
            (403, nil, .forbidden(repository: repository, hasToken: false)),
            (403, "GatedRepo", .forbidden(repository: repository, hasToken: false)),
            (404, nil, .repositoryNotFound(repository: repository, hasToken: false)),
        ])
    func closed(status: Int, code: String?, expected: HubError) async throws {
        let log = EventLog()
        await #expect(throws: expected) {
            try await list([Reply(status, code.map { ["X-Error-Code": $0] } ?? [:])], log: log)
        }
        #expect(log.events.isEmpty && "\(expected)".contains("HF_TOKEN"))
    }

    @Test("and does not know the revision, or the file, is believed")
    func notFound() async throws {
        await #expect(throws: HubError.revisionNotFound(repository: repository, revision: "main")) {
            try await list([Reply(404, ["X-Error-Code": "RevisionNotFound"])])
        }
        let hub = try FakeHub([.init("model.pth", [1])], onContent: { _, _ in Reply(404) })
        let folder = try TemporaryFolder()
        await #expect(throws: HubError.fileNotFound(repository: repository, file: "model.pth")) {
            try await pull("model.pth", to: folder.file("at/all"), with: client(hub.hub.address))
        }
        await #expect(throws: HubError.fileNotFound(repository: repository, file: "other.pth")) {
            try await pull("other.pth", to: folder.file("at/all"), with: client(hub.hub.address))
        }
    }

    @Test("for a moment is asked again", arguments: [500, 502, 503, 504, 408, 429])
    func recovers(status: Int) async throws {
        let log = EventLog()
        let listing = try await list([Reply(status), Reply(status)], log: log)
        #expect(listing.files.count == 1 && log.pauses == [0.001, 0.002])
    }

    @Test("and asks to wait is waited for, but not for ever")
    func retryAfter() async throws {
        let log = EventLog()
        _ = try await list([Reply(429, ["Retry-After": "0"]), Reply(503, ["Retry-After": "1"])], log: log)
        #expect(log.pauses == [0, 1])
        await #expect(throws: HubError.self) { try await list([Reply(429, ["Retry-After": "100000"])]) }
    }

    @Test("again and again is given up")
    func givenUp() async throws {
        let log = EventLog()
        await #expect(throws: HubError.self) { try await list([Reply](repeating: Reply(500), count: 9), log: log) }
        #expect(log.pauses.count == 2)
    }

    @Test("to answer, or that sends a byte now and then, is given up")
    func slow() async throws {
        do {
            _ = try await list([.silence, .silence, .silence]) { $0.answerSeconds = 0.1 }
            Issue.record("silence was an answer")
        } catch HubError.timedOut {}
        do {
            let reply = Reply(200, body: someBytes(1000), pause: 10)
            _ = try await list([reply, reply, reply]) { ($0.slowSeconds, $0.slowByteCount) = (0.1, 1000) }
            Issue.record("a trickle was an answer")
        } catch HubError.tooSlow {}
        do {
            _ = try await list([Reply](repeating: Reply(200, body: [1, 2], pause: 60_000), count: 3)) {
                $0.idleSeconds = 0.1
            }
            Issue.record("half an answer was one")
        } catch HubError.timedOut {}
    }

    @Test("to be there at all is named, with the reason")
    func absent() async throws {
        do {
            _ = try await client("http://127.0.0.1:9").list()
            Issue.record("nobody listens at the discard port")
        } catch HubError.connectionFailed(let host, let reason) {
            #expect(host == "127.0.0.1:9" && !reason.isEmpty)
        }
    }

    @Test("by sending one in circles is left")
    func circles() async throws {
        let circle = Reply(302, ["Location": "/api/models/owner/name/revision/main?blobs=true"])
        await #expect(throws: HubError.self) { try await list([Reply](repeating: circle, count: 20)) }
        let listing = try await list([circle, circle])
        #expect(listing.files.count == 1)
    }

    @Test("by redirecting to something else than the web", arguments: ["file:///etc/passwd", "http://", "unix:/x", ""])
    func elsewhere(location: String) async throws {
        await #expect(throws: HubError.self) { try await list([Reply(302, ["Location": location])]) }
    }

    @Test("by redirecting from https to http is not followed")
    func insecure() throws {
        let secure = try HubSettings(endpoint: "https://hub.example").endpoint
        #expect(throws: HubError.insecureRedirect(host: "hub.example", location: "http://hub.example/x")) {
            try Transport.redirect(from: secure, to: "http://hub.example/x")
        }
        #expect(try Transport.redirect(from: secure, to: "/x?y=1").absoluteString == "https://hub.example/x?y=1")
        #expect(try Transport.redirect(from: secure, to: "//cdn.example/x").absoluteString == "https://cdn.example/x")
    }

    @Test("with a listing that is too long is cut off")
    func tooLong() async throws {
        let log = EventLog()
        await #expect(throws: HubError.listingTooLarge(limit: 10)) {
            try await list([], log: log) { $0.listingByteCount = 10 }
        }
        #expect(log.events.isEmpty)
    }

    @Test(
        "with a listing that is none is named",
        arguments: [
            "", "[]", "{}", "<html>", #"{"sha":"main","siblings":[]}"#, #"{"sha":7}"#,
            #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"rfilename":"a","size":-1}]}"#,
            #"{"sha":"0123456789abcdef0123456789abcdef01234567","siblings":[{"size":1}]}"#,
            #"{"sha":"../../../../../../../../../../../../etc","siblings":[]}"#,
        ])
    func malformed(text: String) async throws {
        do {
            _ = try await list([Reply(200, body: Array(text.utf8))])
            Issue.record("\(text) was a listing")
        } catch HubError.listingMalformed {}
    }

    @Test(
        "with file names that lead elsewhere is believed in nothing",
        arguments: [
            "../model.pth", "/etc/passwd", "a/../../b", "a/./b", "a//b", "..", ".", "a\\\\..\\\\b", "a\\u0000b",
            "a\\nb", "", "a/", "\\u202emodel.pth",
        ])
    func hostile(name: String) async throws {
        let text = #"{"sha":"\#(FakeHub.commit)","siblings":[{"rfilename":"ok"},{"rfilename":"\#(name)","size":1}]}"#
        do {
            _ = try await list([Reply(200, body: Array(text.utf8))])
            Issue.record("\(name) was a name")
        } catch HubError.unsafeName(let found) {
            #expect(!HubError.unsafeName(found).description.unicodeScalars.contains { $0.value < 0x20 })
        }
    }
}
