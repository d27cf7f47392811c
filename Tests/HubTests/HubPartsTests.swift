import Foundation
import Hub
import HubTestServer
import Testing

@Suite("What a download is made of")
struct HubPartsTests {
    @Test("Digests are those of sha256sum and git hash-object")
    func digests() {
        var hasher = ContentHasher(expected: .gitBlob(""), byteCount: 6)
        for piece in ["hel", "lo\n"] { Array(piece.utf8).withUnsafeBytes { hasher.update($0) } }
        // Expected: printf 'hello\n' | sha256sum; printf 'hello\n' | git hash-object --stdin
        #expect(hasher.sha256Text == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")
        #expect(hasher.digest(like: .gitBlob("")) == .gitBlob("ce013625030ba8dba906f756967f9e9ca394464a"))
        #expect(hasher.digest(like: nil) == .sha256(hasher.sha256Text))
        #expect(ContentDigest(sha256: "zz") == nil && ContentDigest(gitBlob: String(repeating: "g", count: 40)) == nil)
    }

    @Test(
        "A reference is OWNER/NAME or OWNER/NAME/FILE",
        arguments: [
            ("BlinkDL/rwkv-7-world", "BlinkDL/rwkv-7-world", nil),
            ("a/b/c.pth", "a/b", "c.pth"), ("a/b_1.0/folder/c d.pth", "a/b_1.0", "folder/c d.pth"),
        ])
    func references(text: String, repository: String, file: String?) throws {
        let reference = try HubReference(text)
        #expect(reference.repository == repository && reference.file == file)
    }

    @Test(
        "Nothing else is a reference",
        arguments: [
            "", "a", "a/", "/b", "a//b", "../b", "a/..", "a/b/", "a/b/../c", "a/b//c", "https://hub.example/a/b",
            "a b/c",
            "a/b?x=1", "a/b#x", ".a/b",
        ])
    func noReferences(text: String) {
        #expect(throws: HubError.invalidReference(text)) { try HubReference(text) }
    }

    @Test("Paths are encoded so that nothing in them means anything")
    func encoding() {
        #expect(SafePath.encoded("a b/é?#%.pth", keepsSlashes: true) == "a%20b/%C3%A9%3F%23%25.pth")
        #expect(SafePath.encoded("refs/pr/1", keepsSlashes: false) == "refs%2Fpr%2F1")
    }

    @Test(
        "Ranges are read as servers write them",
        arguments: [
            ("bytes 0-9/10", 0, 10), ("bytes 5-9/10", 5, 10), ("Bytes 5-9/*", 5, nil),
        ])
    func ranges(text: String, start: Int, total: Int?) throws {
        let range = try #require(ContentRange(text))
        #expect(range.start == start && range.total == total)
    }

    @Test(
        "Nothing else is a range",
        arguments: ["", "bytes */10", "bytes 9-5/10", "bytes 5-9/9", "lines 0-1/2", "bytes 0-1"])
    func noRanges(text: String) { #expect(ContentRange(text) == nil) }

    @Test("The environment names the hub and the token")
    func settings() throws {
        let usual = try HubSettings(environment: [:])
        #expect(usual.endpoint.absoluteString == "https://huggingface.co" && usual.token == nil)
        let named = try HubSettings(
            environment: ["HF_ENDPOINT": "https://mirror.example:8443/hub/", "HF_TOKEN": " hf_x\n"])
        #expect(named.endpoint.absoluteString == "https://mirror.example:8443/hub" && named.token == "hf_x")
        #expect(throws: HubError.invalidToken) { try HubSettings(environment: ["HF_TOKEN": "a b"]) }
        for text in ["mirror", "ftp://x", "http://", "https://me@x", "https://x?y", "http://x/#y"] {
            #expect(throws: HubError.invalidEndpoint(text)) { try HubSettings(endpoint: text) }
        }
    }

    @Test("The hub’s own host is the same protocol, name and port")
    func own() throws {
        let settings = try HubSettings(endpoint: "https://hub.example")
        func isOwn(_ text: String) throws -> Bool { settings.isOwn(try HubSettings(endpoint: text).endpoint) }
        #expect(try isOwn("https://HUB.example:443/a"))
        #expect(try !isOwn("http://hub.example") && !isOwn("https://hub.example:8443"))
        #expect(try !isOwn("https://cdn.hub.example") && !isOwn("https://hub.example.org"))
    }

    @Test("Proxies are those of the environment, but for the hosts that it leaves out")
    func proxies() throws {
        let proxies = try ProxySettings(environment: [
            "https_proxy": "http://me:p%40ss@proxy.example:3128", "HTTP_PROXY": "plain.example",
            "NO_PROXY": ".inner.example, other.example:8443",
        ])
        func proxy(_ text: String) throws -> ProxySettings.Proxy? {
            proxies.proxy(for: try HubSettings(endpoint: text).endpoint)
        }
        #expect(
            try proxy("https://hub.example")
                == .init(host: "proxy.example", port: 3128, user: "me", password: "p@ss"))
        #expect(try proxy("http://hub.example") == .init(host: "plain.example", port: 80))
        #expect(try proxy("https://a.inner.example") == nil && proxy("https://inner.example") == nil)
        #expect(try proxy("https://other.example:8443") == nil && proxy("https://other.example") != nil)
        #expect(try proxy("http://127.0.0.1:80") == nil)
        let socks = try ProxySettings(environment: ["ALL_PROXY": "socks5://s.example"])
        #expect(socks.proxy(for: try HubSettings().endpoint) == .init(host: "s.example", port: 1080, isSOCKS: true))
        #expect(throws: HubError.invalidProxy("ftp://x")) { try ProxySettings(environment: ["ALL_PROXY": "ftp://x"]) }
    }

    @Test("A proxy is asked for a way to the hub, and sees no token")
    func throughProxy() async throws {
        let proxy = try TestServer { _ in .init(403) }
        var settings = try HubSettings(endpoint: "http://hub.example", token: "hf_secret")
        settings.proxies = try ProxySettings(environment: [
            "http_proxy": proxy.address.replacing("http://", with: "http://me:word@")
        ])
        settings.limits.attempts = 1
        do {
            _ = try await HubClient(settings).list()
            Issue.record("the proxy was passed by")
        } catch HubError.connectionFailed(let host, _) {
            #expect(host == "hub.example")
        }
        let request = try #require(proxy.requests.first)
        #expect(request.method == "CONNECT" && request.uri == "hub.example:80" && proxy.requests.count == 1)
        #expect(request["Proxy-Authorization"] == "Basic " + Data("me:word".utf8).base64EncodedString())
        #expect(!request.headers.values.contains { $0.contains("hf_secret") })
    }

    @Test("Downloads lie where the environment says")
    func cache() throws {
        #expect(HubCache(environment: ["RWKV_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"]).folder == "/a")
        #expect(HubCache(environment: ["RWKV_CACHE": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"]).folder == "/b/rwkv")
        #expect(HubCache(environment: ["HOME": "/c"]).folder == "/c/.cache/rwkv")
    }

    private func listing(_ paths: [String]) throws -> HubListing {
        try HubListing(HubReference(repository), json: FakeHub.listing(paths.map { .init($0, [1]) }))
    }

    @Test(
        "The one model is taken",
        arguments: [
            (["README.md", "a.pth", "tokenizer.json"], "a.pth"),
            (["a.gguf", "optimizer.pt", "training_args.bin"], "a.gguf"),
            (["pytorch_model.bin", "model.safetensors"], "model.safetensors"), (["a.pth", "b.pth"], nil),
            (["x.txt"], nil),
            (["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"], nil),
        ])
    func choice(paths: [String], expected: String?) throws {
        #expect(try listing(paths).onlyModel?.path == expected)
    }

    @Test(
        "The vocabulary beside the model comes with it, or else the one at the root",
        arguments: [
            (["m/a.pth", "m/tokenizer.json", "tokenizer.json"], ["m/tokenizer.json"]),
            (["m/a.pth", "rwkv_vocab_v20230424.txt", "vocab.txt"], ["rwkv_vocab_v20230424.txt"]),
            (["m/a.pth", "n/tokenizer.json"], []),
        ])
    func tokenizers(paths: [String], expected: [String]) throws {
        let listing = try listing(paths)
        #expect(listing.tokenizers(beside: try listing.file("m/a.pth")).map(\.path) == expected)
    }

    @Test("A listing says what each file must be")
    func digestsInListings() throws {
        let json = #"""
            {"sha":"0123456789ABCDEF0123456789abcdef01234567","siblings":[
              {"rfilename":"large","size":9,"blobId":"ce013625030ba8dba906f756967f9e9ca394464a",
               "lfs":{"sha256":"5891B5B522D5DF086D0FF0B110FBD9D21BB4FC7163AF34D08286A2E846F6BE03","size":6,"pointerSize":130}},
              {"rfilename":"small","size":6,"blobId":"ce013625030ba8dba906f756967f9e9ca394464a"},
              {"rfilename":"bare"}]}
            """#
        let listing = try HubListing(HubReference(repository), json: Array(json.utf8))
        #expect(listing.commit == "0123456789abcdef0123456789abcdef01234567")
        #expect(
            listing.files == [
                HubFile(
                    path: "large", byteCount: 6,
                    digest: .sha256("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03")),
                HubFile(
                    path: "small", byteCount: 6, digest: .gitBlob("ce013625030ba8dba906f756967f9e9ca394464a")),
                HubFile(path: "bare", byteCount: nil, digest: nil),
            ])
    }
}
