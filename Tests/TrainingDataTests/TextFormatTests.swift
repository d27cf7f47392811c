import Checkpoints
import Foundation
import Tensors
import Testing
import Tokenizers
import TrainingData

@Suite("Files of text")
struct PlainTextTests {
    @Test("are documents between marks, without the line ends behind a mark")
    func documents() throws {
        let text = "\none\n<|endoftext|>\r\n\ntwo <|endof<|endoftext|><|endoftext|>\n\n<|endoftext|>three"
        #expect(try pieces(PlainText(storage(text))) == ["one\n (end)", "two <|endof (end)", "three (end)"])
        #expect(try pieces(PlainText(storage("a|b"), separator: "|")) == ["a (end)", "b (end)"])
        #expect(try pieces(PlainText(storage("a|b"), separator: "")) == ["a|b (end)"])
        #expect(try pieces(PlainText(storage("\n\n"))) == [])
    }

    @Test("are handed on in pieces of about a megabyte that end behind a line")
    func large() throws {
        let line = String(repeating: "word and word ", count: 9) + "\n"
        let text = String(repeating: line, count: 20_000)
        var (lengths, total, ends) = ([Int](), 0, 0)
        try PlainText(storage(text)).read { piece in
            lengths.append(piece.text.count)
            total += piece.text.count
            #expect(piece.position == total)
            #expect(piece.text.last == UInt8(ascii: "\n"))
            ends += piece.endsDocument ? 1 : 0
        }
        #expect(total == text.utf8.count)
        #expect(lengths.count == 3 && ends == 1)
        #expect(lengths.allSatisfy { $0 < 1 << 20 + 200 })
    }
}

@Suite("Files of JSON lines")
struct JSONLinesTests {
    private func lines(_ text: String) throws -> [String] { try pieces(JSONLines(storage(text), path: "a.jsonl")) }

    @Test("are a document each; blank lines, empty texts and other members do not matter")
    func documents() throws {
        let text = """
            \u{FEFF}{"text": "one\\n\\u00e4 \\ud83d\\ude00", "meta": {"source": [1, null]}}
            \t
            {"text": ""}\r
            {"id": 7, "text": "two"}
            """
        #expect(try lines(text) == ["one\nä 😀 (end)", "two (end)"])
        #expect(try lines(text + "\n\n") == lines(text))
    }

    @Test("are refused with the number of the line")
    func refuses() throws {
        let good = "{\"text\": \"a\"}\n\n"
        #expect(
            dataError { try lines(good + "{\"text\": \"a") }
                == .lineInvalid(path: "a.jsonl", line: 3, reason: "the line is not JSON"))
        #expect(
            dataError { try lines(good + "[1]") }
                == .lineInvalid(path: "a.jsonl", line: 3, reason: "the line is no JSON object"))
        #expect(
            dataError { try lines(good + "{\"text\": 5}") }
                == .lineInvalid(path: "a.jsonl", line: 3, reason: "“text” is not text"))
        #expect(
            dataError { try lines(good + "{\"body\": \"a\"}") }
                == .memberMissing(path: "a.jsonl", line: 3, needed: "“text”"))
        let broken = Array("{\"text\": \"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        #expect(
            dataError { try pieces(JSONLines(Storage(copying: broken), path: "a.jsonl")) }
                == .lineNotUTF8(path: "a.jsonl", line: 1))
        let deep = String(repeating: "[", count: 100_000)
        #expect(
            dataError { try lines("{\"x\": \(deep)") }
                == .lineInvalid(path: "a.jsonl", line: 1, reason: "the line is not JSON"))
        #expect(
            "\(TrainingDataError.lineNotUTF8(path: "a.jsonl", line: 12))"
                == "a.jsonl, line 12: the line is not UTF-8 text")
    }
}

@Suite("Files of conversations")
struct ChatLinesTests {
    private func lines(_ text: String) throws -> [String] { try pieces(ChatLines(storage(text), path: "c.jsonl")) }

    @Test("become RWKV's template, of which the answers count, with the blank line that ends them")
    func template() throws {
        let chat = """
            {"messages": [{"role": "system", "content": " Be brief.\\r\\n"}, {"role": "user", "content": "Hi\\n\\n\\nthere"},
            """.replacing("\n", with: "")
                + """
                {"role": "assistant", "content": "Hello.\\n\\nHow are you?\\n"}, {"role": "user", "content": "Well"},
                """.replacing("\n", with: "") + """
                {"role": "assistant", "content": "Good"}]}
                """
        #expect(
            try lines(chat) == [
                "System: Be brief.\n\n (read)", "User: Hi\nthere\n\n (read)", "Assistant: (read)",
                " Hello.\n\nHow are you?\n\n", "User: Well\n\n (read)", "Assistant: (read)", " Good (end)",
            ])
    }

    @Test("may have ShareGPT's names, an empty answer, and a question at the end")
    func variants() throws {
        let shared = """
            {"id": "x", "conversations": [{"from": "human", "value": "A"}, {"from": "gpt", "value": ""}, \
            {"from": "human", "value": "B"}]}
            """
        #expect(
            try lines(shared) == [
                "User: A\n\n (read)", "Assistant: (read)", "\n\n", "User: B (read) (end)",
            ])
    }

    @Test("may be written out in one text")
    func oneText() throws {
        let text =
            "{\"text\": \"System: S\\n\\nUser: A\\n\\nB\\n\\nAssistant: C\\n\\nD\\n\\nUser:E\\n\\nAssistant: F\\n\"}"
        #expect(
            try lines(text) == [
                "System: S\n\n (read)", "User: A\nB\n\n (read)", "Assistant: (read)", " C\n\nD\n\n",
                "User: E\n\n (read)", "Assistant: (read)", " F (end)",
            ])
        #expect(dataError { try lines("\n{\"text\": \"a\"}") } == .turnWithoutName(path: "c.jsonl", line: 2))
    }

    @Test("are refused with the numbers of line and turn")
    func refuses() throws {
        let turn = "{\"role\": \"user\", \"content\": \"a\"}"
        #expect(
            dataError { try lines("\n{\"messages\": [\(turn), {\"content\": \"b\"}]}") }
                == .turnWithoutRole(path: "c.jsonl", line: 2, turn: 2))
        #expect(
            dataError { try lines("{\"messages\": [{\"role\": \"narrator\", \"content\": \"b\"}]}") }
                == .unknownRole(path: "c.jsonl", line: 1, turn: 1, role: "narrator"))
        #expect(
            dataError { try lines("{\"messages\": [{\"role\": \"user\"}]}") }
                == .turnWithoutText(path: "c.jsonl", line: 1, turn: 1))
        #expect(dataError { try lines("{\"messages\": []}") } == .conversationEmpty(path: "c.jsonl", line: 1))
        #expect(
            dataError { try lines("{\"body\": \"a\"}") }
                == .memberMissing(path: "c.jsonl", line: 1, needed: "“messages”, “conversations” or “text”"))
        #expect(
            dataError { try lines("{\"messages\": [{\"role\": \"user\", \"content\": [1]}]}") }
                == .lineInvalid(
                    path: "c.jsonl", line: 1, reason: "“messages.[0].content” is not text"))
    }
}

@Suite("The format of a file")
struct DataFormatTests {
    @Test("is told by its name and its beginning")
    func detect() throws {
        let folder = try TemporaryFolder()
        func format(_ text: String, _ name: String) throws -> DataFormat {
            try DataFormat.detect(path: folder.write(text, to: name))
        }
        #expect(try format("Once upon a time", "a.txt") == .text)
        #expect(try format("{\"text\": \"a\"}", "b.txt") == .text)
        #expect(try format("{\"text\": \"a\"}\n", "b.jsonl") == .jsonl)
        #expect(try format("\n {\"text\": \"a\"}\n", "b") == .jsonl)
        #expect(try format("{\"x\": 1, \"messages\": []}\n{", "c.jsonl") == .chat)
        #expect(try format("{\"conversations\": [{}]}", "c") == .chat)
        #expect(try format("{ x = 1; }", "d") == .text)
        #expect(try format("broken", "e.jsonl") == .jsonl)
        #expect(try format("", "f.bin") == .binidx)
        try folder.write("", to: "g.idx")
        #expect(try DataFormat.detect(path: folder.file("g")) == .binidx)
        #expect(throws: CheckpointError.emptyFile(path: folder.file("h.txt"))) { try format("", "h.txt") }
        #expect(throws: CheckpointError.missingFile(path: folder.file("none"))) {
            try DataFormat.detect(path: folder.file("none"))
        }
    }
}
