public import Tensors
internal import Tokenizers

/// A file of conversations, one a line, of which only the answers are learnt:
///
///     {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
///     {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}
///     {"text": "User: …\n\nAssistant: …"}
///
/// The last form is read as a conversation only where somebody says that it is one: see `DataFormat.detect`.
public struct ChatLines: DocumentSource {
    private let reader: JSONLineReader

    /// - Parameter path: For messages.
    public init(_ storage: Storage, path: String) { reader = JSONLineReader(storage, path: path) }

    public var byteCount: Int { reader.storage.bytes.count }
    public var setting: String { "chat 2" }

    private struct Line: Decodable {
        let messages: [Turn]?
        let conversations: [Turn]?
        let text: String?
    }

    private struct Turn: Decodable {
        let role, from, content, value: String?
    }

    public func read(_ body: (TextPiece) throws -> Void) throws {
        try reader.forEach(Line.self) { value, line, position in
            // The end of the document, which follows it, tells the model to stop after the last answer.
            let pieces = ChatFormat(.world).pieces(try messages(value, line), answering: false, closing: "")
            for (index, piece) in pieces.enumerated() {
                try body(
                    TextPiece(
                        text: Array(piece.text.utf8), isCounted: piece.isAnswer,
                        endsDocument: index == pieces.count - 1, position: position))
            }
            return true
        }
    }

    private func messages(_ value: Line, _ line: Int) throws(TrainingDataError) -> [ChatMessage] {
        if let list = value.messages ?? value.conversations {
            if list.isEmpty { throw .conversationEmpty(path: reader.path, line: line) }
            var messages: [ChatMessage] = []
            for (index, entry) in list.enumerated() { messages.append(try message(entry, index + 1, line)) }
            return messages
        }
        guard let text = value.text else {
            throw .memberMissing(path: reader.path, line: line, needed: "“messages”, “conversations” or “text”")
        }
        guard let messages = ChatText.messages(of: text) else {
            throw .turnWithoutName(path: reader.path, line: line)
        }
        return messages
    }

    private func message(_ turn: Turn, _ number: Int, _ line: Int) throws(TrainingDataError) -> ChatMessage {
        guard let name = turn.role ?? turn.from else {
            throw .turnWithoutRole(path: reader.path, line: line, turn: number)
        }
        guard let role = ChatMessage.Role(dataSetName: name) else {
            throw .unknownRole(path: reader.path, line: line, turn: number, role: name)
        }
        guard let text = turn.content ?? turn.value else {
            throw .turnWithoutText(path: reader.path, line: line, turn: number)
        }
        return ChatMessage(role, text)
    }
}
