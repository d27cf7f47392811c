import Checkpoints
import Foundation
import Tensors
import Testing
import Tokenizers
import TrainingData

/// Counts how often it is asked to encode.
private final class Watched: Tokenizer, @unchecked Sendable {
    var calls = 0
    let vocabularySize: Int

    init(vocabularySize: Int = 256) { self.vocabularySize = vocabularySize }

    var endOfText: TokenID? { 0 }
    func encode(bytes: [UInt8]) -> [TokenID] {
        calls += 1
        return bytes.map(TokenID.init)
    }
    func bytes(of token: TokenID) -> [UInt8]? { token < 256 ? [UInt8(truncatingIfNeeded: token)] : [] }
}

@Suite("The cache of tokens")
struct TokenCacheTests {
    private let folder: TemporaryFolder
    private let cache: TokenCache

    init() throws {
        folder = try TemporaryFolder()
        cache = TokenCache(folder: folder.file("cache/tokens"))
    }

    private func load(
        _ path: String, _ format: DataFormat = .text, _ tokenizer: any Tokenizer = ByteTokenizer()
    ) throws -> (store: TokenStore, bytes: Int?, events: [String]) {
        var events: [String] = []
        let (store, bytes) = try DataFile(path: path, format: format).tokens(tokenizer, cache) { event in
            switch event {
            case .reused: events.append("reused")
            case .rebuilding(_, let reason): events.append("rebuilding: \(reason.prefix(11))")
            case .tokenizing: events.append("tokenizing")
            case .tokenized: events.append("tokenized")
            }
        }
        return (store, bytes, events)
    }

    private func cacheFiles() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: cache.folder).sorted()
    }

    private func documents(_ store: TokenStore) -> [[Int32]] {
        (0..<store.documentCount).map { store.tokens(store.document($0)) }
    }

    @Test("gives documents with token 0 behind each, and tokenizes once")
    func reuse() throws {
        let path = try folder.write("ab\n<|endoftext|>\nc", to: "a.txt")
        let tokenizer = Watched()
        let first = try load(path, .text, tokenizer)
        #expect(documents(first.store) == [[97, 98, 10, 0], [99, 0]])
        #expect(first.bytes == 4 && first.store.countedRanges == nil && first.store.bounds == 0...99)
        #expect(first.events == ["tokenized"] && tokenizer.calls == 2)

        let second = try load(path, .text, tokenizer)
        #expect(second.events == ["reused"] && tokenizer.calls == 2)
        #expect(documents(second.store) == documents(first.store) && second.bytes == 4)
        #expect(second.store.fingerprint == first.store.fingerprint)
        #expect(try cacheFiles().count == 1)
    }

    @Test("keeps which tokens count")
    func counted() throws {
        let chat = """
            {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}]}
            {"messages": [{"role": "user", "content": "r"}]}
            """
        let path = try folder.write(chat, to: "c.jsonl")
        for _ in 0..<2 {
            let store = try load(path, .chat).store
            // “User: q⏎⏎Assistant:” has 19 bytes, “ x” two; the end of the document counts as part of an answer.
            #expect(store.documentEnds == [22, 30])
            #expect(store.countedRanges == [19..<22])
            #expect(store.tokens(19..<22) == [32, 120, 0])
            #expect(store.counted(18..<24) == [false, true, true, true, false, false])
            #expect(store.countedTokenCount == 3)
        }
    }

    @Test("makes tokens anew when file, format or tokenizer are others, and says why")
    func outdated() throws {
        let path = try folder.write("{\"text\": \"ab\"}", to: "a.jsonl")
        #expect(try load(path, .jsonl).events == ["tokenized"])
        #expect(try load(path, .text).events == ["tokenized"])
        #expect(try load(path, .jsonl, Watched()).events == ["tokenized"])
        #expect(try load(path, .jsonl, Watched(vocabularySize: 300)).events == ["tokenized"])
        #expect(try load(path, .jsonl).events == ["reused"])
        #expect(try cacheFiles().count == 4)

        try folder.write("{\"text\": \"cd\"}", to: "a.jsonl")
        let again = try load(path, .jsonl)
        #expect(again.events == ["rebuilding: it was chan", "tokenized"])
        #expect(documents(again.store) == [[99, 100, 0]])
        // In the place of the old ones.
        #expect(try cacheFiles().count == 4)
    }

    @Test("makes tokens anew that are damaged anywhere, or cut off")
    func damaged() throws {
        let path = try folder.write(String(repeating: "some text\n", count: 30), to: "a.txt")
        // A copy: the file that the store is mapped from will be damaged in place.
        let whole = try documents(load(path).store)
        let name = "cache/tokens/" + (try #require(cacheFiles().first))
        let bytes = try folder.bytes(name)
        for place in Array(stride(from: 0, to: bytes.count, by: 29)) + (bytes.count - 64..<bytes.count) {
            var changed = bytes
            changed[place] ^= 0x10
            try folder.write(changed, to: name)
            let (store, _, events) = try load(path)
            #expect(events == ["rebuilding: its kept to", "tokenized"], "byte \(place)")
            #expect(documents(store) == whole)
        }
        for count in [0, 1, 63, 64, bytes.count - 8, bytes.count - 1] {
            try folder.write(Array(bytes.prefix(count)), to: name)
            #expect(try load(path).events.last == "tokenized", "\(count) bytes")
        }
        #expect(try load(path).events == ["reused"])
        #expect(try folder.bytes(name) == bytes)
    }

    @Test("holds tokens of 32 bits where the vocabulary needs them")
    func wide() throws {
        let path = try folder.write("abc", to: "a.txt")
        let store = try load(path, .text, Watched(vocabularySize: 70_000)).store
        #expect(store.typeName == "int32" && documents(store) == [[97, 98, 99, 0]])
    }

    @Test("keeps nothing of work that was broken off, and of files without text")
    func brokenOff() throws {
        let path = try folder.write(String(repeating: "{\"text\": \"ab\"}\n", count: 40_000), to: "a.jsonl")
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            try DataFile(path: path, format: .jsonl).tokens(ByteTokenizer(), cache) { event in
                if case .tokenizing(let progress) = event {
                    #expect(progress.total == 600_000 && progress.byteCount >= 1 << 18)
                    throw Stop()
                }
            }
        }
        try folder.write("{\"text\": \"ab\"}\n{", to: "b.jsonl")
        #expect(dataError { try load(folder.file("b.jsonl"), .jsonl) } != nil)
        try folder.write("\n\n", to: "c.txt")
        #expect(dataError { try load(folder.file("c.txt")) } == .noDocuments(path: folder.file("c.txt")))
        #expect(try cacheFiles() == [])
        let question = "{\"messages\": [{\"role\": \"user\", \"content\": \"q\"}]}"
        try folder.write(question, to: "d.jsonl")
        #expect(
            dataError { try load(folder.file("d.jsonl"), .chat) } == .nothingCounts(path: folder.file("d.jsonl")))
    }

    @Test("refuses a file that changes while it is read")
    func changing() throws {
        let path = try folder.write(String(repeating: "{\"text\": \"ab\"}\n", count: 40_000), to: "a.jsonl")
        #expect(
            dataError {
                try DataFile(path: path, format: .jsonl).tokens(ByteTokenizer(), cache) { event in
                    if case .tokenizing = event {
                        try Data([10]).write(to: URL(fileURLWithPath: path), options: .atomic)
                    }
                }
            } == .changedWhileRead(path: path))
    }

    @Test("lies where the environment says")
    func place() {
        #expect(TokenCache.folder(environment: ["XDG_CACHE_HOME": "/c", "HOME": "/h"]) == "/c/rwkv/tokens")
        #expect(TokenCache.folder(environment: ["XDG_CACHE_HOME": "", "HOME": "/h"]) == "/h/.cache/rwkv/tokens")
        #expect(TokenCache.folder(environment: ["XDG_CACHE_HOME": "/c", "RWKV_CACHE": "/r"]) == "/r/tokens")
        #expect(TokenCache.folder(environment: [:]) == nil)
    }
}

@Suite("A store of tokens")
struct TokenStoreTests {
    @Test("gives any of its tokens, and any selection of its documents")
    func selection() throws {
        let all = store([[1, 2, 0], [3, 0], [4, 5, 6, 0], [7, 0]], counted: [1..<4, 6..<8, 10..<11])
        let some = all.selecting([0..<3, 5..<9, 9..<11])
        #expect(some.tokens(0..<some.count) == [1, 2, 0, 4, 5, 6, 0, 7, 0])
        #expect(some.documentEnds == [3, 7, 9])
        #expect(some.counted(0..<9) == [false, true, true, false, true, true, false, false, true])
        for start in 0...9 {
            for end in start...9 {
                #expect(some.tokens(start..<end) == Array(some.tokens(0..<9)[start..<end]))
                #expect(some.counted(start..<end) == some.counted(0..<9).map { Array($0[start..<end]) })
                #expect(some.hasCounted(start..<end) == some.counted(start..<end)?.contains(true))
            }
        }
        let fewer = some.selecting([3..<7])
        #expect(fewer.tokens(0..<4) == [4, 5, 6, 0] && fewer.countedRanges == [1..<3])
        #expect(Set([all, some, fewer].map(\.fingerprint)).count == 3)
        #expect(some.firstToken(outside: 6)?.position == 5)
        #expect(some.firstToken(outside: 8) == nil)
    }
}
