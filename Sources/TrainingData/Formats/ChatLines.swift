public import Tensors

/// A file of conversations, one a line, of which only the answers are learnt:
///
///     {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}
///     {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}
public struct ChatLines: DocumentSource {
    private let reader: JSONLineReader

    /// - Parameter path: For messages.
    public init(_ storage: Storage, path: String) { reader = JSONLineReader(path: path, storage: storage) }

    public var byteCount: Int { reader.storage.bytes.count }
    public var setting: String { "chat 1" }

    private struct Line: Decodable {
        let messages: [Turn]?
        let conversations: [Turn]?
    }

    private struct Turn: Decodable {
        let role, from, content, value: String?
    }

    public func read(_ body: (TextPiece) throws -> Void) throws {
        try reader.forEach(Line.self) { value, line, position in
            guard let list = value.messages ?? value.conversations else {
                throw TrainingDataError.memberMissing(
                    path: reader.path, line: line, needed: "“messages” or “conversations”")
            }
            if list.isEmpty { throw TrainingDataError.conversationEmpty(path: reader.path, line: line) }
            let turns = try list.enumerated().map { try turn($0.element, $0.offset + 1, line) }
            let pieces = ChatTemplate.pieces(turns)
            for (index, piece) in pieces.enumerated() {
                try body(
                    TextPiece(
                        text: Array(piece.text.utf8), isCounted: piece.isCounted,
                        endsDocument: index == pieces.count - 1, position: position))
            }
        }
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
