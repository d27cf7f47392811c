import Foundation
import Generation
import Tensors
import TestSupport
import Testing
import Tokenizers

@Suite("A conversation")
struct ConversationTests {
    private func conversation(_ template: ChatFormat = ChatFormat(.world), tokens: Int = 12) throws -> Conversation {
        var parameters = SamplingParameters.unfiltered
        parameters.seed = 3
        parameters.bannedTokens = [0]
        return Conversation(
            try randomByteModel(), ByteTokenizer(), template, parameters: parameters, maximumTokens: tokens,
            cacheSpace: "x", on: BatchEngine(cache: PrefixCache(byteLimit: 1 << 22), threadCount: 1))
    }

    private func said(_ stream: AsyncThrowingStream<String, any Error>) async throws -> String {
        var text = ""
        for try await piece in stream { text += piece }
        return text
    }

    @Test("answers as the model goes on from its text")
    func answer() async throws {
        let conversation = try conversation()
        let answer = try await said(conversation.reply(to: "Hi"))
        var text = try TextGeneration(
            conversation.model, ByteTokenizer(), await conversation.parameters, stopStrings: ["\n\nUser:"],
            maximumTokens: 12, on: Workspace(threadCount: 1))
        try text.read([0] + ByteTokenizer().encode("User: Hi\n\nAssistant:"))
        var expected = ""
        while let step = try text.next() { expected += step.text }
        #expect(answer == String(expected.drop { $0 == " " }))
        #expect(await conversation.tree.path.map(\.message) == [.init(.user, "Hi"), .init(.assistant, answer)])
    }

    @Test("does not read again what it has read")
    func reuse() async throws {
        let conversation = try conversation(ChatFormat(.plain))
        _ = try await said(conversation.reply(to: String(repeating: "abc ", count: 500)))
        _ = try await said(conversation.reply(to: "and"))
        let report = try #require(await conversation.lastReply)
        // Of the first answer, bytes that are no text have become characters and are read as such.
        #expect(report.promptTokens - report.tokensReused < 60)
        #expect(report.isWhole)
    }

    @Test("is rewound, branched and answered anew, and loses nothing")
    func branches() async throws {
        let conversation = try conversation()
        let first = try await said(conversation.reply(to: "one"))
        let second = try await said(conversation.reply(to: "two"))
        try await conversation.rewind()
        #expect(await conversation.tree.path.map(\.message.content) == ["one", first])
        // The same words on the new branch get the same answer: the state is what it was.
        #expect(try await said(conversation.reply(to: "two")) == second)
        #expect(await conversation.tree.nodes.count == 6)
        #expect(await conversation.tree.children(of: 1).map(\.message.content) == ["two", "two"])
        // The seed is the next one, so it is another answer.
        #expect(try await said(conversation.retry()) != second)
        #expect(await conversation.tree.children(of: 4).count == 2)
        try await conversation.go(to: nil)
        #expect(await conversation.tree.path.isEmpty)
        await #expect(throws: ConversationError.nothingToRewind(asked: 1, available: 0)) {
            try await conversation.rewind()
        }
        await #expect(throws: ConversationError.noSuchMessage(id: 99, count: 7)) { try await conversation.go(to: 99) }
    }

    @Test("keeps what there is of an answer that is stopped")
    func stopped() async throws {
        let conversation = try conversation(ChatFormat(.plain), tokens: .max)
        var seen = ""
        for try await piece in conversation.reply(to: "Hi") {
            seen += piece
            if seen.count > 5 { break }
        }
        while await conversation.lastReply == nil { try await Task.sleep(for: .milliseconds(1)) }
        let kept = try #require(await conversation.tree.path.last?.message)
        #expect(kept.role == .assistant)
        #expect(kept.content.hasPrefix(seen))
        #expect(await conversation.lastReply?.isWhole == false)
        // And it can go on from there.
        await conversation.set(maximumTokens: 3)
        _ = try await said(conversation.reply(to: "more"))
        #expect(await conversation.tree.path.count == 4)
    }

    @Test("is saved and read as JSON, and a broken one is refused")
    func coding() throws {
        var tree = ConversationTree()
        tree.append(ChatMessage(.user, "a"))
        tree.append(ChatMessage(.assistant, "b"))
        try tree.go(to: 0)
        tree.append(ChatMessage(.assistant, "c"))
        let decoded = try JSONDecoder().decode(ConversationTree.self, from: JSONEncoder().encode(tree))
        #expect(decoded.path.map(\.message.content) == ["a", "c"])
        #expect(decoded.children(of: 0).map(\.message.content) == ["b", "c"])
        for broken in [
            #"{"messages":[{"parent":0,"message":{"role":"user","content":"a"}}]}"#,
            #"{"messages":[{"parent":-1,"message":{"role":"user","content":"a"}}]}"#,
            #"{"messages":[],"current":0}"#,
        ] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(ConversationTree.self, from: Data(broken.utf8))
            }
        }
    }
}
