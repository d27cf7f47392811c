/// How a conversation is written out as the text that a model goes on from.
///
///     System: …⏎⏎User: …⏎⏎Assistant: …⏎⏎User: …⏎⏎Assistant:
///
/// This is the format of the World and G1 models (their model cards on the Hugging Face hub). An empty line ends a
/// message, so a user's empty lines become line ends, as in training; answers keep theirs. Nothing follows `Assistant:`,
/// for the token after it begins with a blank.
public struct ChatFormat: Sendable, Equatable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// No chat training: messages follow one another as they are, and the model goes on.
        case plain
        case world
        /// World with thinking.
        case g1
    }

    public var kind: Kind
    /// For G1 models.
    public var thinking: Thinking

    public init(_ kind: Kind, thinking: Thinking = .off) {
        self.kind = kind
        self.thinking = kind == .g1 ? thinking : .off
    }

    /// The template that suits a model, by its tokenizer and what its file is called.
    ///
    /// World's vocabulary is that of models trained on conversations; G1 models have `g1` or `g0` in their names.
    public static func suiting(_ tokenizer: any Tokenizer, fileName: String) -> ChatFormat {
        guard tokenizer is WorldTokenizer else { return ChatFormat(.plain) }
        let parts = fileName.lowercased().split { !$0.isLetter && !$0.isNumber }
        return ChatFormat(parts.contains { $0.hasPrefix("g1") || $0.hasPrefix("g0") } ? .g1 : .world)
    }

    /// Texts that end an answer.
    public var stopStrings: [String] {
        // Not the empty line alone: answers may have paragraphs.
        kind == .plain ? [] : ["\n\nUser:", "\n\nSystem:", "\n\nAssistant:"]
    }

    /// What the text of an answer begins with before the model has written anything.
    public var opening: String { thinking.opening }

    /// A part of a conversation's text that is encoded by itself.
    public struct Piece: Sendable, Equatable {
        public var text: String
        /// Whether the assistant wrote it.
        public var isAnswer: Bool
    }

    /// A conversation as text, cut where a message ends: the pieces are encoded one by one, so that the tokens of a
    /// conversation begin with those of every earlier part of it.
    /// - Parameters:
    ///   - answering: Whether the text ends where the assistant's next message begins.
    ///   - closing: What ends the last message.
    public func pieces(_ messages: [ChatMessage], answering: Bool = true, closing: String = "\n\n") -> [Piece] {
        guard kind != .plain else {
            return messages.map { Piece(text: $0.content, isAnswer: $0.role == .assistant) }
        }
        let lastUser = messages.lastIndex { $0.role == .user }
        var pieces: [Piece] = []
        func give(_ text: String) { pieces.append(Piece(text: text, isAnswer: false)) }
        for (index, message) in messages.enumerated() {
            let end = index == messages.count - 1 ? closing : "\n\n"
            switch message.role {
            case .system: give("System: " + Self.cleaned(message.content) + end)
            case .user:
                let request = answering && index == lastUser ? thinking.request : ""
                give("User: " + Self.cleaned(message.content) + request + end)
            case .assistant:
                give("Assistant:")
                pieces += Self.answer(message.content, end: end)
            }
        }
        if answering {
            give("Assistant:")
            if !opening.isEmpty { give(" " + opening) }
        }
        return pieces
    }

    /// The tokens of a conversation, and the numbers of tokens after which it may go on in different ways: after the
    /// system message, and before the last message of the user.
    public func tokens(
        _ messages: [ChatMessage], _ tokenizer: any Tokenizer, answering: Bool = true
    ) -> (tokens: [TokenID], boundaries: [Int]) {
        func count(_ messages: ArraySlice<ChatMessage>) -> Int { pieces(Array(messages), answering: false).count }
        var marks: Set<Int> = []
        if let user = messages.lastIndex(where: { $0.role == .user }) { marks.insert(count(messages[..<user])) }
        if messages.first?.role == .system { marks.insert(count(messages[..<1])) }
        var tokens = tokenizer.endOfText.map { [$0] } ?? []
        var boundaries: [Int] = []
        for (index, piece) in pieces(messages, answering: answering).enumerated() {
            if marks.contains(index), tokens.count > 1 { boundaries.append(tokens.count) }
            tokens += tokenizer.encode(piece.text)
        }
        return (tokens, boundaries)
    }

    /// An earlier answer in pieces: what it began with as it was given to the model, then what the model wrote.
    private static func answer(_ content: String, end: String) -> [Piece] {
        for opening in [Thinking.fake.opening, Thinking.on.opening] where content.hasPrefix(opening) {
            return [
                Piece(text: " " + opening, isAnswer: true),
                Piece(text: trimmed(content.dropFirst(opening.count)) + end, isAnswer: true),
            ]
        }
        let text = trimmed(content.replacing("\r\n", with: "\n"))
        return [Piece(text: (text.isEmpty ? "" : " ") + text + end, isAnswer: true)]
    }

    /// The text without empty lines within and blanks around it.
    static func cleaned(_ text: String) -> String {
        // Line by line over scalars: to Swift, "\r\n" is one character.
        var lines: [String] = [""]
        for scalar in text.unicodeScalars where scalar != "\r" {
            if scalar == "\n" { lines.append("") } else { lines[lines.count - 1].unicodeScalars.append(scalar) }
        }
        return trimmed(lines.filter { !$0.isEmpty }.joined(separator: "\n"))
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let rest = text.drop { $0.isWhitespace }
        return String(rest.reversed().drop { $0.isWhitespace }.reversed())
    }
}
