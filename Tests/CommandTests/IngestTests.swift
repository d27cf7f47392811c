import Checkpoints
import Foundation
import RWKV
import Tensors
import TestSupport
import Testing
import Tokenizers

/// Stories of made-up words, with line ends before letters, digits, blanks and characters beyond ASCII.
private func someText(_ count: Int) -> String {
    let words = ["the", "cat", "saw", "42", "Ünder", "ships", "…", "\tand", "日本", "  or"]
    var text = ""
    for i in 0..<count {
        text += words[(i * i + i / 7) % 10]
        text += i % 11 == 5 ? "\n" : i % 53 == 7 ? "\n\n" : " "
    }
    return text
}

private func stateBytes(_ path: String) throws -> [[UInt8]] {
    try CheckpointFile.open(path: path).tensors.sorted { $0.name < $1.name }.map { $0.withBytes { Array($0) } }
}

@Suite("rwkv ingest")
struct IngestTests {
    @Test("cuts a text where its tokens end, whatever the pieces' sizes", arguments: [1, 100, 3000])
    func pieces(least: Int) throws {
        let bytes = Array(someText(5000).utf8)
        let tokenizer = try BuiltInModel.tokenizer()
        try bytes.withUnsafeBytes { buffer in
            let pieces = TextPieces(buffer, least: least)
            var (start, tokens, count) = (0, [TokenID](), 0)
            while true {
                let range = pieces.piece(from: start)
                if range.isEmpty { break }
                try #require(range.lowerBound == start)
                tokens += tokenizer.encode(bytes: Array(buffer[range]))
                start = range.upperBound
                count += 1
            }
            #expect(start == bytes.count)
            #expect(count > bytes.count / max(least, 400) / 2)
            #expect(tokens == tokenizer.encode(bytes: bytes))
        }
    }

    @Test("cuts text without line ends between characters")
    func longLines() {
        let bytes = Array(String(repeating: "語", count: 1000).utf8)
        bytes.withUnsafeBytes { buffer in
            let pieces = TextPieces(buffer, least: 10, most: 100)
            var start = 0
            while start < bytes.count {
                let range = pieces.piece(from: start)
                #expect(range.count == 99 || range.upperBound == bytes.count)
                start = range.upperBound
            }
        }
    }

    @Test("gives one state, whatever the chunks and however often it was killed on the way")
    func resumes() throws {
        let folder = try TemporaryFolder()
        for (name, count) in [("a.txt", 9000), ("b.txt", 2000)] {
            try Data(someText(count).utf8).write(to: URL(fileURLWithPath: folder.file(name)))
        }
        let files = ["built-in", folder.file("a.txt"), folder.file("b.txt")]
        let whole = try Program.run(["ingest"] + files + ["--save", folder.file("whole.safetensors")])
        #expect(whole.status == 0, "\(whole.errors)")
        #expect(whole.output.contains("perplexity"))

        let arguments =
            ["ingest"] + files + ["--save", folder.file("parts.safetensors"), "--save-every", "0", "--chunk", "37"]
        var resumed = false
        for _ in 0..<3 {
            let process = try Program.start(arguments)
            try process.run()
            let before = try? Data(contentsOf: URL(fileURLWithPath: folder.file("parts.safetensors")))
            for _ in 0..<2000 where process.isRunning {
                let now = try? Data(contentsOf: URL(fileURLWithPath: folder.file("parts.safetensors")))
                if now != nil, now != before { break }
                usleep(1000)
            }
            resumed = resumed || process.isRunning
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        #expect(resumed, "every run was over before it could be killed")
        let end = try Program.run(arguments)
        #expect(end.status == 0, "\(end.errors)")
        #expect(try stateBytes(folder.file("parts.safetensors")) == stateBytes(folder.file("whole.safetensors")))
        // All but the speed is what one run says.
        #expect(end.output.split(separator: ";").prefix(2) == whole.output.split(separator: ";").prefix(2))
        let after = try Program.run(
            "generate", "--state", folder.file("parts.safetensors"), "--tokens", "5", "--temperature", "0", "the cat")
        #expect(after.status == 0, "\(after.errors)")
    }

    @Test("does not touch a file that is no state of these texts, unless told to")
    func keepsOthers() throws {
        let folder = try TemporaryFolder()
        try Data("One day.\n".utf8).write(to: URL(fileURLWithPath: folder.file("a.txt")))
        try Data("Two days.\n".utf8).write(to: URL(fileURLWithPath: folder.file("b.txt")))
        let save = folder.file("s.safetensors")
        #expect(try Program.run("ingest", "built-in", folder.file("a.txt"), "--save", save).status == 0)
        let state = try Data(contentsOf: URL(fileURLWithPath: save))
        let other = try Program.run("ingest", "built-in", folder.file("b.txt"), "--save", save)
        #expect(other.status == 1)
        #expect(other.errors.contains("--restart"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: save)) == state)
        #expect(try Program.run("ingest", "built-in", folder.file("b.txt"), "--save", save, "--restart").status == 0)
        #expect(try Data(contentsOf: URL(fileURLWithPath: save)) != state)
    }
}
