import CommandLineTool
import Foundation
import RWKV
import Synchronization
import Testing

@Suite("rwkv chat")
struct ChatTests {
    @Test("goes on from a message per line, as generate would")
    func lines() throws {
        let chat = try Program.run(
            "chat", "--seed", "1", "--tokens", "30", "--threads", "1", input: "Once upon a time\n")
        #expect(chat.status == 0, "\(chat.errors)")
        let generated = try Program.run(
            "generate", "--seed", "1", "--tokens", "30", "--threads", "1", "Once upon a time")
        #expect("Once upon a time" + chat.output == generated.output)
    }

    @Test("saves a conversation and goes on with it, in another process")
    func saved() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "chat-\(UInt64.random(in: 0 ... .max)).safetensors"
        ).path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let options = ["chat", "--seed", "1", "--tokens", "20", "--threads", "1"]
        let whole = try Program.run(options, input: "Tom had a ball.\nHe\n")
        let first = try Program.run(options, input: "Tom had a ball.\n/save \(path)\n")
        let second = try Program.run(options + ["--load", path], input: "He\n/stats\n")
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.hasPrefix(whole.output.dropFirst(first.output.count)))
        // The state was taken over: only the new message is read.
        #expect(second.output.contains(", 2 of them read now") || second.output.contains(", 3 of them read now"))
        #expect(try StateFile(path: path).isTuned == false)
    }

    @Test("rewinds, edits, branches and lists")
    func commands() throws {
        let script = """
            /set temperature 0
            /set tokens 5
            Tom
            /rewind
            Lily
            /edit 2 Ben
            /fork
            /set
            """
        let result = try Program.run("chat", "--threads", "1", input: script + "\n")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("*   4  user: Ben"))
        #expect(result.output.contains("    0  user: Tom"))
        #expect(result.output.contains("    2  user: Lily"))
        #expect(result.output.contains("temperature         0.0"))
        #expect(result.errors.contains("took back: Tom"))
    }

    @Test(
        "says what is wrong with a command",
        arguments: [
            ("/nonsense", "there is no command /nonsense"), ("/rewind", "1 turns cannot be taken back"),
            ("/edit 3 x", "message 3 is none of yours"), ("/set top-p 7", "topP"),
            ("/set think on", "only the template g1 thinks"), ("/load /nowhere", "/nowhere"),
            ("/retry", "there is no message to answer"),
        ])
    func mistakes(line: String, message: String) throws {
        let result = try Program.run("chat", "--threads", "1", input: line + "\n/set\n")
        #expect(result.status == 1)
        // The chat goes on.
        #expect(result.output.contains("temperature"), "\(result.output)")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test(
        "in a terminal shows answers whole, and Ctrl-C stops one and not the program",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
    func terminal() async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
        // The answer never ends by itself: token 0 would end it.
        // `script` gives it to the shell in SHELL, or sh, which must not stay between: dash takes Ctrl-C for its own, too.
        let chat = "exec '\(Program.path)' chat --seed 1 --threads 1 --no-history --ban-token 0 --tokens 1000000"
        process.arguments = ["-qec", chat, "/dev/null"]
        let (keys, screen) = (Pipe(), Pipe())
        process.standardInput = keys
        process.standardOutput = screen
        let shown = Mutex("")
        screen.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            shown.withLock { $0 += String(decoding: data, as: UTF8.self) }
        }
        /// Types, and waits until a text has come to the screen since then, and so many characters after it.
        func type(_ text: String, until expected: String, andMore length: Int = 0) async throws -> String {
            let before = shown.withLock { $0.utf8.count }
            try keys.fileHandleForWriting.write(contentsOf: Data(text.utf8))
            for _ in 0..<3000 {
                let new = shown.withLock { String(decoding: $0.utf8.dropFirst(before), as: UTF8.self) }
                if let place = new.range(of: expected), new[place.upperBound...].count >= length { return new }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw MissingText(expected: expected, shown: shown.withLock { $0 })
        }
        try process.run()
        defer { process.terminate() }
        let hasEditor = try await type("", until: "> ").contains("libedit was not found") == false
        // Once there is text of the answer the keys are no longer read as a line, however busy the machine is.
        _ = try await type("Once upon a time\n", until: "time\r\n", andMore: 10)
        _ = try await type("\u{3}", until: "> ")
        _ = try await type("/stats\n", until: "; stopped")
        for setting in ["temperature 0", "tokens 8"] { _ = try await type("/set \(setting)\n", until: "> ") }
        _ = try await type("/rewind\n", until: "took back")
        let answer = try await type("Once upon a time\n", until: "\r\n> ")
        #expect(answer.contains("there was a little"))
        #expect(!answer.contains("\u{1B}[K"), "the answer is erased: \(answer.debugDescription)")
        // At the prompt it ends nothing either, and what was typed is discarded.
        _ = try await type("/nonsense", until: "/nonsense")
        // Without an editor the terminal discards the line, and says no more than that.
        _ = try await type("\u{3}", until: hasEditor ? "> " : "^C")
        #expect(try await type("/set\n", until: "temperature").contains("/nonsense") == false)
        try keys.fileHandleForWriting.write(contentsOf: Data("/quit\n".utf8))
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("reads lines that go on, and messages that begin with a slash")
    func lineForms() throws {
        #expect(try ChatLine("//x") == .say("/x"))
        #expect(try ChatLine("/edit 3 a b") == .edit(message: 3, text: "a b"))
        #expect(try ChatLine("/rewind 2") == .rewind(2))
        #expect(try ChatLine("/set seed 4") == .set(name: "seed", value: "4"))
    }
}

/// The program did not write what was waited for.
private struct MissingText: Error {
    let expected: String
    let shown: String
}
