import Foundation
import Hub
import HubTestServer
import Testing

@Suite("A download")
struct DownloadTests {
    let content = someBytes(300_000)

    @Test("arrives whole, from the server that the hub redirects to", arguments: [0, 1, 300_000])
    func whole(count: Int) async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("a/model.pth", Array(content.prefix(count)))])
        let digest = try await pull("a/model.pth", to: folder.file("x/y/model.pth"), with: client(hub.hub.address))
        #expect(folder.bytes("x/y/model.pth") == Array(content.prefix(count)))
        #expect(folder.files == ["x/y/model.pth"])
        #expect(hub.store.requests.map(\.uri) == ["/store/a/model.pth"])
        var hasher = ContentHasher(expected: nil, byteCount: nil)
        content.prefix(count).withUnsafeBytes { hasher.update($0) }
        #expect(digest == hasher.sha256Text)
    }

    @Test("of a small file is checked by Git’s digest")
    func small() async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("tokenizer.json", content, isLarge: false)])
        _ = try await pull("tokenizer.json", to: folder.file("t"), with: client(hub.hub.address))
        #expect(folder.bytes("t") == content && hub.store.requests.isEmpty)
        let wrong = try FakeHub([
            .init("tokenizer.json", content, isLarge: false, listedDigest: String(repeating: "a", count: 40))
        ])
        await #expect(throws: HubError.self) {
            try await pull("tokenizer.json", to: folder.file("u"), with: client(wrong.hub.address))
        }
        #expect(folder.files == ["t"])
    }

    @Test("shows the token to the hub, and to nobody that it redirects to")
    func token() async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("model.pth", content)])
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address, token: "hf_secret"))
        #expect(hub.hub.requests.count == 2 && hub.store.requests.count == 1)
        #expect(hub.hub.requests.allSatisfy { $0["Authorization"] == "Bearer hf_secret" })
        #expect(
            hub.store.requests.allSatisfy { request in
                !request.headers.values.contains { $0.contains("hf_secret") } && !request.uri.contains("hf_secret")
            })
    }

    @Test("goes on where the connection broke")
    func resume() async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { count, request in
            guard count < 2 else { return nil }
            var reply = FakeHub.content(file, request)
            reply.cut = 100_000
            return reply
        }
        _ = try await pull("model.pth", to: folder.file("model.pth"), with: client(hub.hub.address))
        #expect(folder.bytes("model.pth") == content && folder.files == ["model.pth"])
        // A busy client may miss the last bytes before the break, so each begins somewhere in the piece before.
        let starts = hub.store.requests.map { $0["Range"].flatMap { Int($0.dropFirst(6).dropLast()) } ?? 0 }
        #expect(starts.count == 3 && starts[0] == 0 && starts[1] > 0 && starts[1] <= 100_000)
        #expect(starts[2] > starts[1] && starts[2] <= starts[1] + 100_000)
        #expect(hub.store.requests.map { $0["If-Range"] } == [nil, file.tag, file.tag])
    }

    @Test("goes on where an earlier run stopped, and its digest covers both")
    func secondRun() async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { count, request in
            guard count == 0 else { return nil }
            var reply = FakeHub.content(file, request)
            reply.cut = 123_456
            return reply
        }
        await #expect(throws: HubError.self) {
            try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address) { $0.attempts = 1 })
        }
        #expect(folder.files == ["m.part", "m.part.json"])
        let part = try #require(folder.bytes("m.part"))
        #expect((1...123_456).contains(part.count) && part.elementsEqual(content.prefix(part.count)))
        let log = EventLog()
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address), log: log)
        #expect(folder.bytes("m") == content && folder.files == ["m"] && log.restarts == 0)
        #expect(hub.store.requests.last?["Range"] == "bytes=\(part.count)-")
    }

    @Test("uses no part of another file, of a longer one, or of an unknown one", arguments: [0, 1, 2])
    func otherPart(kind: Int) async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("model.pth", content)])
        let note = PartFile.Note(
            source: "owner/name@\(FakeHub.commit)/model.pth",
            digest: "SHA-256 " + FakeHub.File("", content).tag.filter { $0 != "\"" }, byteCount: content.count)
        do {
            var other = note
            if kind == 0 { other.source += "x" }
            let part = try PartFile(for: folder.file("m"), other)
            try [UInt8](repeating: 7, count: kind == 1 ? 300_001 : 1000).withUnsafeBytes { try part.append($0) }
        }
        if kind == 2 { try "{".write(toFile: folder.file("m.part.json"), atomically: true, encoding: .utf8) }
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        #expect(folder.bytes("m") == content && folder.files == ["m"])
        #expect(hub.store.requests.map { $0["Range"] } == [nil])
    }

    @Test("takes a part that is whole without asking for more")
    func wholePart() async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("model.pth", content)])
        let listing = try await client(hub.hub.address).list()
        do {
            let part = try PartFile(
                for: folder.file("m"),
                .init(
                    source: "owner/name@\(FakeHub.commit)/model.pth", digest: listing.files[0].digest.map { "\($0)" },
                    byteCount: content.count))
            try content.withUnsafeBytes { try part.append($0) }
        }
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        #expect(folder.bytes("m") == content && hub.store.requests.isEmpty)
    }

    @Test("begins anew where the server ignores ranges")
    func noRanges() async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { count, _ in
            .init(200, ["ETag": file.tag], body: file.content, cut: count == 0 ? 100_000 : nil)
        }
        let log = EventLog()
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address), log: log)
        #expect(folder.bytes("m") == content && log.restarts == 1)
    }

    @Test("begins anew where the content changed meanwhile", arguments: [true, false])
    func changed(serverHeedsIfRange: Bool) async throws {
        let folder = try TemporaryFolder()
        let old = FakeHub.File("model.pth", someBytes(300_000, seed: 2))
        let new = FakeHub.File("model.pth", content)
        let hub = try FakeHub([new]) { count, request in
            if count == 0 { return .init(200, ["ETag": old.tag], body: old.content, cut: 100_000) }
            if serverHeedsIfRange || request["Range"] == nil { return nil }
            return FakeHub.content(new, request, heedsIfRange: false)
        }
        let log = EventLog()
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address), log: log)
        #expect(folder.bytes("m") == content && log.restarts == 1)
    }

    @Test(
        "believes no range that it did not ask for",
        arguments: ["bytes 0-199999/300000", "nonsense", "bytes */300000"])
    func wrongRange(range: String) async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { count, request in
            switch count {
            case 0: return .init(200, ["ETag": file.tag], body: file.content, cut: 100_000)
            case 1: return .init(206, ["Content-Range": range], body: [UInt8](repeating: 7, count: 200_000))
            default: return nil
            }
        }
        let log = EventLog()
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address), log: log)
        #expect(folder.bytes("m") == content && log.restarts == 1)
    }

    @Test("that is not what the hub lists is deleted, and both digests are named")
    func wrongDigest() async throws {
        let folder = try TemporaryFolder()
        let listed = String(repeating: "ab", count: 32)
        let hub = try FakeHub([.init("model.pth", content, listedDigest: listed)])
        do {
            _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
            Issue.record("the digest was not compared")
        } catch let error as HubError {
            let found = FakeHub.File("", content).tag.filter { $0 != "\"" }
            #expect(
                error == .digestMismatch(file: "model.pth", expected: .sha256(listed), found: .sha256(found)))
            #expect("\(error)".contains(listed) && "\(error)".contains(found))
        }
        #expect(folder.files.isEmpty)
    }

    @Test("of another size than the hub lists is not begun")
    func wrongSize() async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("model.pth", content, listedSize: 299_999)])
        await #expect(throws: HubError.sizeMismatch(file: "model.pth", expected: 299_999, found: 300_000)) {
            try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        }
        #expect(folder.files.isEmpty)
    }

    @Test("takes no more bytes than are listed from a server that does not say how many come")
    func endless() async throws {
        let folder = try TemporaryFolder()
        let longer = content + [1]
        let hub = try FakeHub([.init("model.pth", content)]) { _, _ in
            .init(200, ["Transfer-Encoding": "chunked"], body: longer)
        }
        await #expect(throws: HubError.self) {
            try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        }
        #expect((folder.bytes("m.part") ?? []).count <= content.count && folder.bytes("m") == nil)
    }

    @Test("is tried again if a server that does not say how many bytes come ends early")
    func shortChunks() async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { count, _ in
            count > 0
                ? nil
                : .init(
                    200, ["Transfer-Encoding": "chunked", "ETag": file.tag], body: Array(file.content.prefix(1000)))
        }
        _ = try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        #expect(folder.bytes("m") == content && hub.store.requests.last?["Range"] == "bytes=1000-")
    }

    @Test("does not write where another download does")
    func inUse() async throws {
        let folder = try TemporaryFolder()
        let hub = try FakeHub([.init("model.pth", content)])
        let part = try PartFile(for: folder.file("m"), .init(source: "another", digest: nil, byteCount: nil))
        try [1, 2, 3].withUnsafeBytes { try part.append(UnsafeRawBufferPointer(rebasing: $0[..<3])) }
        await #expect(throws: HubError.partInUse(path: folder.file("m"))) {
            try await pull("model.pth", to: folder.file("m"), with: client(hub.hub.address))
        }
        #expect(part.byteCount == 3 && folder.bytes("m.part")?.count == 3)
    }

    @Test("stops when it is told to, and keeps what came")
    func cancelled() async throws {
        let folder = try TemporaryFolder()
        let file = FakeHub.File("model.pth", content)
        let hub = try FakeHub([file]) { _, _ in .init(200, ["ETag": file.tag], body: file.content, pause: 5) }
        let log = EventLog()
        let path = folder.file("m")
        let task = Task { try await pull("model.pth", to: path, with: client(hub.hub.address), log: log) }
        while !log.events.contains(where: { if case .receiving = $0 { true } else { false } }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        task.cancel()
        await #expect(throws: HubError.cancelled) { try await task.value }
        let part = try #require(folder.bytes("m.part"))
        #expect(!part.isEmpty && part.elementsEqual(content.prefix(part.count)))
    }
}

extension HubClient {
    /// The listing, with the client shut down.
    func list() async throws -> HubListing {
        do {
            let listing = try await listing(of: HubReference(repository))
            await shutdown()
            return listing
        } catch {
            await shutdown()
            throw error
        }
    }
}
