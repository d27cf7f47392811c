/// Who speaks in a turn of a conversation.
public enum ChatRole: Sendable, Equatable {
    case system, user, assistant

    /// The role of a name in data sets: OpenAI's and ShareGPT's.
    public init?(_ name: String) {
        switch name.lowercased() {
        case "system": self = .system
        case "user", "human": self = .user
        case "assistant", "gpt", "bot", "model": self = .assistant
        default: return nil
        }
    }

    static let names = ["system", "user", "human", "assistant", "gpt", "bot", "model"]
}

/// A turn of a conversation.
public struct ChatTurn: Sendable, Equatable {
    public var role: ChatRole
    public var text: String

    public init(_ role: ChatRole, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// How RWKV's World and G1 models write conversations down.
///
///     System: …⏎⏎User: …⏎⏎Assistant: …⏎⏎User: …
///
/// A blank line ends a turn, so texts of users have none, as in the official examples; answers keep theirs.
public enum ChatTemplate {
    /// The conversation in pieces that are tokenised alone, as they are when a model answers: what it is given up to and
    /// with `Assistant:`, and its answer with the blank line that ends it. Only answers count.
    ///
    /// The last answer has no blank line; the end of the document, which follows it, tells the model to stop.
    public static func pieces(_ turns: [ChatTurn]) -> [(text: String, isCounted: Bool)] {
        var pieces: [(text: String, isCounted: Bool)] = []
        var given = ""
        for (index, turn) in turns.enumerated() {
            let end = index == turns.count - 1 ? "" : "\n\n"
            switch turn.role {
            case .system: given += "System: " + withoutBlankLines(turn.text) + end
            case .user: given += "User: " + withoutBlankLines(turn.text) + end
            case .assistant:
                pieces.append((given + "Assistant:", false))
                given = ""
                let answer = trimmed(turn.text)
                pieces.append(((answer.isEmpty ? "" : " ") + answer + end, true))
            }
        }
        if !given.isEmpty { pieces.append((given, false)) }
        return pieces
    }

    /// The turns of a conversation that is written in this way; `nil` if it begins with none of the three names.
    public static func turns(of text: String) -> [ChatTurn]? {
        var turns: [ChatTurn] = []
        for part in text.replacing("\r\n", with: "\n").split(separator: "\n\n", omittingEmptySubsequences: false) {
            if let (name, role) = roles.first(where: { part.hasPrefix($0.name) }) {
                turns.append(ChatTurn(role, String(part.dropFirst(name.count))))
            } else if turns.isEmpty {
                return nil
            } else {
                turns[turns.count - 1].text += "\n\n" + part
            }
        }
        return turns
    }

    private static let roles: [(name: String, role: ChatRole)] = [
        ("System:", .system), ("User:", .user), ("Assistant:", .assistant),
    ]

    private static func trimmed(_ text: String) -> String {
        let lines = text.replacing("\r\n", with: "\n")
        let first = lines.firstIndex { !$0.isWhitespace } ?? lines.endIndex
        let last = lines.lastIndex { !$0.isWhitespace } ?? first
        return first < lines.endIndex ? String(lines[first...last]) : ""
    }

    private static func withoutBlankLines(_ text: String) -> String {
        trimmed(text).split(separator: "\n", omittingEmptySubsequences: true).joined(separator: "\n")
    }
}
