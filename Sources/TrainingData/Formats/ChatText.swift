internal import Tokenizers

extension ChatMessage.Role {
    /// The role of a name in data sets: OpenAI's and ShareGPT's.
    init?(dataSetName name: String) {
        switch name.lowercased() {
        case "system": self = .system
        case "user", "human": self = .user
        case "assistant", "gpt", "bot", "model": self = .assistant
        default: return nil
        }
    }

    static let dataSetNames = ["system", "user", "human", "assistant", "gpt", "bot", "model"]
}

/// A conversation that is written out in one text, in the format of World models; see `ChatFormat`.
enum ChatText {
    /// Its messages; `nil` if it begins with none of the three names.
    static func messages(of text: String) -> [ChatMessage]? {
        var messages: [ChatMessage] = []
        for part in text.replacing("\r\n", with: "\n").split(separator: "\n\n", omittingEmptySubsequences: false) {
            if let (name, role) = roles.first(where: { part.hasPrefix($0.name) }) {
                messages.append(ChatMessage(role, String(part.dropFirst(name.count))))
            } else if messages.isEmpty {
                return nil
            } else {
                messages[messages.count - 1].content += "\n\n" + part
            }
        }
        return messages
    }

    private static let roles: [(name: String, role: ChatMessage.Role)] = [
        ("System:", .system), ("User:", .user), ("Assistant:", .assistant),
    ]
}
