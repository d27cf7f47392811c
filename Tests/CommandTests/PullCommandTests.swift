import Foundation
import HubTestServer
import TestSupport
import Testing

@Suite("rwkv pull")
struct PullCommandTests {
    /// A hub and a cache of its own.
    private struct Place {
        let folder: TemporaryFolder
        let hub: FakeHub

        init(_ files: [FakeHub.File]) throws {
            folder = try TemporaryFolder()
            hub = try FakeHub(files)
        }

        func environment(_ more: [String: String] = [:]) -> [String: String] {
            ["HF_ENDPOINT": hub.hub.address, "RWKV_CACHE": folder.file("cache"), "HF_TOKEN": ""].merging(more) { $1 }
        }

        func cached(_ name: String) -> String { folder.file("cache/owner/name/\(FakeHub.commit)/\(name)") }
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("brings a model with its vocabulary, prints its path alone, and generate takes it")
    func generate() throws {
        let folder = "\(packageFolder)/Models/tinystories/"
        let files = try ["model.safetensors", "tokenizer.json"].map { name in
            FakeHub.File(
                name, Array(try Data(contentsOf: URL(fileURLWithPath: folder + name))),
                isLarge: name.hasSuffix(".safetensors"))
        }
        let place = try Place(files + [.init("README.md", Array("Hello".utf8), isLarge: false)])
        let result = try Program.run("pull", "owner/name", environment: place.environment())
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == place.cached("model.safetensors") + "\n")
        #expect(
            FileManager.default.contents(atPath: place.cached("model.safetensors")).map(Array.init) == files[0].content)
        let story = try Program.run(
            "generate", "--model", place.cached("model.safetensors"), "--seed", "5", "--tokens", "20", "Once")
        #expect(story.status == 0 && story.output.hasPrefix("Once"), "\(story.errors)")

        // Once it is there, only the listing is asked for.
        let requests = place.hub.hub.requests.count
        let again = try Program.run("pull", "owner/name", environment: place.environment())
        #expect(again.output == result.output)
        #expect(place.hub.store.requests.count == 1 && place.hub.hub.requests.count == requests + 1)
        // A commit that is named in full needs no hub.
        let offline = try Program.run(
            "pull", "owner/name/model.safetensors", "--revision", FakeHub.commit,
            environment: place.environment(["HF_ENDPOINT": "http://127.0.0.1:9"]))
        #expect(offline.output == result.output)
        let forced = try Program.run("pull", "--force", "owner/name", environment: place.environment())
        #expect(forced.output == result.output && place.hub.store.requests.count == 2)
    }

    @Test("lists several models, says how to choose, and answers 64")
    func several() throws {
        let place = try Place([
            .init("small.pth", someBytes(1234)), .init("large.pth", someBytes(2_345_678)), .init("README.md", [1]),
        ])
        let result = try Program.run("pull", "owner/name", environment: place.environment())
        #expect(result.status == 64 && result.output.isEmpty)
        for text in ["rwkv pull owner/name/small.pth", "large.pth", "1.23 kB", "2.35 MB"] {
            #expect(result.errors.contains(text), "\(text)")
        }
        #expect(!result.errors.contains("README.md"))
        let none = try Place([.init("README.md", [1])])
        let nothing = try Program.run("pull", "owner/name", environment: none.environment())
        #expect(nothing.status == 1 && nothing.errors.contains("README.md"))
    }

    @Test("lists files, for people and as JSON")
    func list() throws {
        let place = try Place([.init("a.pth", someBytes(1234)), .init("README.md", [1], isLarge: false)])
        let result = try Program.run("pull", "--list", "owner/name", environment: place.environment())
        #expect(result.output == "* a.pth         1.23 kB\n  README.md      1 byte\n")
        let report = try object(
            Program.run("pull", "--list", "--json", "owner/name", environment: place.environment()).output)
        #expect(report["commit"] as? String == FakeHub.commit)
        let files = try #require(report["files"] as? [[String: Any]])
        #expect(files.map { $0["path"] as? String } == ["a.pth", "README.md"])
        #expect(files.map { $0["model"] as? Bool } == [true, false] && files[0]["bytes"] as? Int == 1234)
        #expect((files[0]["digest"] as? String)?.hasPrefix("SHA-256 ") == true)
    }

    @Test("writes where it is told, and replaces another file only when forced")
    func output() throws {
        let content = someBytes(5000)
        let place = try Place([.init("m/a.pth", content), .init("m/tokenizer.json", Array("{}".utf8), isLarge: false)])
        func pull(_ arguments: String...) throws -> Program.Result {
            try Program.run(["pull", "owner/name/m/a.pth"] + arguments, environment: place.environment())
        }
        let path = place.folder.file("here/model.pth")
        let first = try object(pull("--output", path, "--json").output)
        #expect(first["path"] as? String == path && first["downloaded"] as? Bool == true)
        #expect(first["bytes"] as? Int == 5000 && (first["sha256"] as? String)?.count == 64)
        #expect(first["tokenizers"] as? [String] == [place.folder.file("here/tokenizer.json")])
        #expect(try object(pull("--output", path, "--json").output)["downloaded"] as? Bool == false)
        #expect(!FileManager.default.fileExists(atPath: place.folder.file("cache")))

        try "mine".write(toFile: path, atomically: true, encoding: .utf8)
        let refused = try pull("--output", path)
        #expect(refused.status == 1 && refused.errors.contains("--force"))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        #expect(try pull("--output", path, "--force").output == path + "\n")
        #expect(FileManager.default.contents(atPath: path).map(Array.init) == content)
        let folder = place.folder.file("here")
        #expect(try pull("--output", folder).output == folder + "/a.pth\n")
    }

    @Test("stops at Ctrl-C with 130, keeps what came, and goes on with it")
    func interrupted() throws {
        let file = FakeHub.File("a.pth", someBytes(100_000))
        let folder = try TemporaryFolder()
        let hub = try FakeHub(
            [file],
            onContent: { count, request in
                guard count == 0 else { return nil }
                var reply = FakeHub.content(file, request)
                reply.pause = 5
                return reply
            })
        let environment = ["HF_ENDPOINT": hub.hub.address, "RWKV_CACHE": folder.file("cache"), "HF_TOKEN": ""]
        let process = try Program.start(["pull", "owner/name"], environment: environment)
        try process.run()
        let part = folder.file("cache/owner/name/\(FakeHub.commit)/a.pth.part")
        func size() -> Int {
            (try? FileManager.default.attributesOfItem(atPath: part)[.size] as? Int) ?? 0
        }
        for _ in 0..<2000 where size() == 0 { usleep(5000) }
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        let kept = size()
        #expect(kept > 0)
        let result = try Program.run("pull", "owner/name", environment: environment)
        #expect(result.status == 0, "\(result.errors)")
        #expect(hub.store.requests.last?["Range"] == "bytes=\(kept)-")
        #expect(FileManager.default.contents(atPath: String(part.dropLast(5))).map(Array.init) == file.content)
    }

    @Test("keeps what came when the disk takes no more, and says so")
    func full() throws {
        let place = try Place([.init("a.pth", someBytes(100_000))])
        let process = try Program.start(["pull", "owner/name"], environment: place.environment())
        // Files of this process may be 20 blocks of 512 or 1024 bytes long.
        process.arguments = ["-c", #"trap "" XFSZ; ulimit -f 20; exec "$0" pull owner/name"#, Program.path]
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let text = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 1 && text.contains("a.pth.part"), "\(text)")
        let part = try FileManager.default.attributesOfItem(atPath: place.cached("a.pth.part"))[.size] as? Int
        #expect([20 * 512, 20 * 1024].contains(part))
        let result = try Program.run("pull", "owner/name", environment: place.environment())
        #expect(result.status == 0 && place.hub.store.requests.last?["Range"] == "bytes=\(part ?? 0)-")
    }

    @Test("answers what is not there with 1, and nonsense with 64")
    func failures() throws {
        let place = try Place([.init("a.pth", [1])])
        let missing = try Program.run("pull", "owner/name/b.pth", environment: place.environment())
        #expect(missing.status == 1 && missing.errors.contains("b.pth"))
        #expect(try Program.run("pull", "nonsense", environment: place.environment()).status == 64)
        #expect(try Program.run("pull", "owner/name/../../x", environment: place.environment()).status == 64)
        let endpoint = try Program.run("pull", "owner/name", environment: place.environment(["HF_ENDPOINT": "x"]))
        #expect(endpoint.status == 64 && endpoint.errors.contains("https://huggingface.co"))
    }
}
