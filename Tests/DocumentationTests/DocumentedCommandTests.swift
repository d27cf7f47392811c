import Foundation
import Testing

/// A page's commands are run as they stand, in an empty folder of its own. Those that need the network or minutes are in
/// blocks that begin with ```sh no-test.
@Suite("The documentation's commands", .serialized)
struct DocumentedCommandTests {
    private static let run = ["run", "train", "tune", "serving", "convert"]

    @Test("run without an error", arguments: run)
    func commands(name: String) throws {
        let page = try Page("Docs/\(name).md")
        let blocks = page.blocks.filter { $0.info.first == "sh" }
        let tested = blocks.filter { $0.info == ["sh"] }
        #expect(tested.count >= 3 && blocks.count - tested.count <= 2)
        let folder = try DocumentationFolder()
        for block in tested {
            let result = try folder.run(block.code)
            #expect(result.status == 0, "\(page.path):\n\(block.code)\n\(result.output.suffix(2000))")
        }
    }

    @Test("are all run, but for those that say they are not")
    func allPages() throws {
        for page in try Page.all() {
            let tested = page.blocks.contains { $0.info == ["sh"] }
            #expect(!tested || Self.run.contains { page.path == "Docs/\($0).md" }, "\(page.path)")
            for block in page.blocks where block.info.first == "sh" {
                #expect(block.info == ["sh"] || block.info == ["sh", "no-test"], "\(page.path)")
            }
        }
    }

    @Test("count as failed if any command of a block fails")
    func failures() throws {
        let folder = try DocumentationFolder()
        #expect(try folder.run("echo before > file\ncat file\n").status == 0)
        #expect(try folder.run("rwkv inspect no-such-file\necho after\n").status == 1)
        #expect(try folder.run("rwkv generate --no-such-option | cat\n").status == 64)
    }
}

/// An empty folder in which a page's commands run, with the built program on the path; removed at the end.
private final class DocumentationFolder {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("rwkv-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Runs a block's lines in one shell, which stops at the first that fails.
    func run(_ code: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["bash", "-euo", "pipefail", "-c", code]
        process.currentDirectoryURL = url
        // The build puts the program beside the tests.
        let build = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = build.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
        environment["HOME"] = url.path
        environment["XDG_CACHE_HOME"] = url.appendingPathComponent(".cache").path
        process.environment = environment
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let printed = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: printed, as: UTF8.self))
    }
}
