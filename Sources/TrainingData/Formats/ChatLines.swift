public import Tensors

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
    public init(_ storage: Storage, path: String) { reader = JSONLineReader(path: path, storage: storage) }

    public var byteCount: Int { reader.storage.bytes.count }
    public var setting: String { "chat 1" }

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
            let turns = try turns(value, line)
            let pieces = ChatTemplate.pieces(turns)
            for (index, piece) in pieces.enumerated() {
                try body(
                    TextPiece(
                        text: Array(piece.text.utf8), isCounted: piece.isCounted,
                        endsDocument: index == pieces.count - 1, position: position))
            }
        }
    }

    private func turns(_ value: Line, _ line: Int) throws(TrainingDataError) -> [ChatTurn] {
        if let list = value.messages ?? value.conversations {
            if list.isEmpty { throw .conversationEmpty(path: reader.path, line: line) }
            var turns: [ChatTurn] = []
            for (index, entry) in list.enumerated() { turns.append(try turn(entry, index + 1, line)) }
            return turns
        }
        guard let text = value.text else {
            throw .memberMissing(path: reader.path, line: line, needed: "“messages”, “conversations” or “text”")
        }
        guard let turns = ChatTemplate.turns(of: text) else {
            throw .turnWithoutName(path: reader.path, line: line)
        }
        return turns
    }

    private func turn(_ turn: Turn, _ number: Int, _ line: Int) throws(TrainingDataError) -> ChatTurn {
        guard let name = turn.role ?? turn.from else {
            throw .turnWithoutRole(path: reader.path, line: line, turn: number)
        }
        guard let role = ChatRole(name) else {
            throw .unknownRole(path: reader.path, line: line, turn: number, role: name)
        }
        guard let text = turn.content ?? turn.value else {
            throw .turnWithoutText(path: reader.path, line: line, turn: number)
        }
        return ChatTurn(role, text)
    }
}
