import Foundation
import RWKV
import Testing

@testable import CommandLineTool

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
        let result = try Program.run("chat", "--threads", "1", input: line + "\n")
        #expect(result.status == 1)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test("reads lines that go on, and messages that begin with a slash")
    func lineForms() throws {
        #expect(try ChatLine("//x") == .say("/x"))
        #expect(try ChatLine("/edit 3 a b") == .edit(message: 3, text: "a b"))
        #expect(try ChatLine("/rewind 2") == .rewind(2))
        #expect(try ChatLine("/set seed 4") == .set(name: "seed", value: "4"))
    }
}
