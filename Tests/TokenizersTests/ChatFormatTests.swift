import TestSupport
import Testing
import Tokenizers

// Expected texts: the model cards of BlinkDL/rwkv-7-world and BlinkDL/rwkv7-g1 on the Hugging Face hub, “prompt format”.
@Suite("Conversations as text")
struct ChatFormatTests {
    private let messages = [
        ChatMessage(.system, "Be brief."), ChatMessage(.user, "Hi\r\n\r\n\n there "), ChatMessage(.assistant, "Hello."),
        ChatMessage(.user, "Why?"),
    ]

    @Test("have the World models' format")
    func world() {
        let text = ChatFormat(.world).pieces(messages).map(\.text).joined()
        #expect(
            text == "System: Be brief.\n\nUser: Hi\n there\n\nAssistant: Hello.\n\nUser: Why?\n\nAssistant:")
        #expect(ChatFormat(.world).stopStrings.contains("\n\nUser:"))
    }

    @Test(
        "have the G1 models' ways of thinking",
        arguments: [
            (.off, "User: Why?\n\nAssistant:"), (.fake, "User: Why?\n\nAssistant: <think>\n</think"),
            (.on, "User: Why?\n\nAssistant: <think"), (.short, "User: Why? think a bit\n\nAssistant: <think"),
            (.long, "User: Why? think a lot\n\nAssistant: <think"),
        ] as [(Thinking, String)])
    func thinking(thinking: Thinking, expected: String) {
        let pieces = ChatFormat(.g1, thinking: thinking).pieces([ChatMessage(.user, "Why?")])
        #expect(pieces.map(\.text).joined() == expected)
        #expect(ChatFormat(.world, thinking: thinking).thinking == .off)
    }

    @Test("are left as they are for models without chat training")
    func plain() {
        #expect(ChatFormat(.plain).pieces(messages).map(\.text).joined() == "Be brief.Hi\r\n\r\n\n there Hello.Why?")
        #expect(ChatFormat(.plain).stopStrings.isEmpty)
    }

    @Test("begin with the tokens of every earlier part", arguments: [Thinking.off, .fake, .on])
    func stable(thinking: Thinking) throws {
        let tokenizer = ByteTokenizer()
        let template = ChatFormat(.g1, thinking: thinking)
        let question = [ChatMessage(.user, "Why?")]
        let prompt = template.tokens(question, tokenizer).tokens
        // What the model writes follows what its answer begins with.
        let written = thinking == .off ? " So.\n\n" : ">\nSo.\n\n"
        let answer = template.opening + (thinking == .off ? "So." : ">\nSo.")
        let later = template.tokens(
            question + [ChatMessage(.assistant, answer), ChatMessage(.user, "And?")], tokenizer)
        let past = prompt + tokenizer.encode(written)
        #expect(Array(later.tokens.prefix(past.count)) == past)
        #expect(later.boundaries == [past.count])
    }

    @Test("say where others may go on differently")
    func boundaries() {
        let tokenizer = ByteTokenizer()
        let (tokens, boundaries) = ChatFormat(.world).tokens(messages, tokenizer)
        #expect(tokens.first == tokenizer.endOfText)
        #expect(
            boundaries.map { tokenizer.decodeText(Array(tokens[1..<$0])) } == [
                "System: Be brief.\n\n",
                "System: Be brief.\n\nUser: Hi\n there\n\nAssistant: Hello.\n\n",
            ])
        #expect(ChatFormat(.world).tokens([ChatMessage(.user, "a")], tokenizer).boundaries.isEmpty)
    }

    @Test("are cut where World's tokens end anyhow", .enabled(if: sharedDataIsExpected))
    func worldTokens() throws {
        let path = sharedFolder + "/fixtures/tokenizers/rwkv_vocab_v20230424.txt"
        let tokenizer = try #require(try loadTokenizer(at: path) as? WorldTokenizer)
        for template in [ChatFormat(.world), ChatFormat(.g1, thinking: .fake), ChatFormat(.g1, thinking: .on)] {
            let pieces = template.pieces(messages).map(\.text)
            #expect(pieces.flatMap { tokenizer.encode($0) } == tokenizer.encode(pieces.joined()))
        }
        #expect(ChatFormat.suiting(tokenizer, fileName: "rwkv7-g1a-0.1b-20250728-ctx4096.pth").kind == .g1)
        #expect(ChatFormat.suiting(tokenizer, fileName: "RWKV-x070-World-0.1B-v2.8.pth").kind == .world)
        #expect(ChatFormat.suiting(ByteTokenizer(), fileName: "rwkv7-g1.pth").kind == .plain)
    }
}
