public import Tokenizers

/// The messages of a conversation with everything that was tried: a tree, of which one path is the conversation now.
///
/// Rewinding moves along the path, editing and retrying begin another branch, and nothing is lost.
public struct ConversationTree: Sendable {
    /// A message in its place.
    public struct Node: Sendable {
        public let id: Int
        /// The message before; `nil` for the first.
        public let parent: Int?
        public let message: ChatMessage
        /// The model's memory at the message's end, if it was kept.
        public var snapshot: StateSnapshot?
    }

    /// All messages, in the order in which they were said.
    public private(set) var nodes: [Node] = []
    /// Where the conversation stands; `nil` before the first message.
    public private(set) var current: Int?

    public init() {}

    /// Says a message after the current one, which it then is.
    @discardableResult
    public mutating func append(_ message: ChatMessage, snapshot: StateSnapshot? = nil) -> Int {
        let id = nodes.count
        nodes.append(Node(id: id, parent: current, message: message, snapshot: snapshot))
        current = id
        return id
    }

    /// The messages up to the current one.
    public var path: [Node] { path(to: current) }

    /// The messages up to one of them.
    public func path(to id: Int?) -> [Node] {
        var path: [Node] = []
        var next = id
        while let place = next, nodes.indices.contains(place) {
            path.append(nodes[place])
            next = nodes[place].parent
        }
        return path.reversed()
    }

    /// What was said after a message, or first of all.
    public func children(of id: Int?) -> [Node] { nodes.filter { $0.parent == id } }

    /// Goes to a message, or before all of them.
    /// - Throws: ``ConversationError/noSuchMessage(id:count:)``.
    public mutating func go(to id: Int?) throws(ConversationError) {
        if let id, !nodes.indices.contains(id) { throw .noSuchMessage(id: id, count: nodes.count) }
        current = id
    }

    /// Takes back the last so many messages of the user, with what was answered.
    /// - Returns: The last of them that was taken back.
    /// - Throws: ``ConversationError/nothingToRewind(asked:available:)``.
    @discardableResult
    public mutating func rewind(_ count: Int = 1) throws(ConversationError) -> ChatMessage {
        let users = path.filter { $0.message.role == .user }
        guard count > 0, count <= users.count else {
            throw .nothingToRewind(asked: count, available: users.count)
        }
        let node = users[users.count - count]
        current = node.parent
        return node.message
    }
}

extension ConversationTree: Codable {
    private struct Entry: Codable {
        let parent: Int?
        let message: ChatMessage
    }

    private enum CodingKeys: String, CodingKey { case messages, current }

    /// - Throws: `DecodingError` if a message follows one that is not before it.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        for (id, entry) in try values.decode([Entry].self, forKey: .messages).enumerated() {
            guard entry.parent.map({ (0..<id).contains($0) }) ?? true else {
                throw DecodingError.dataCorruptedError(
                    forKey: .messages, in: values, debugDescription: "message \(id) follows one that is not before it")
            }
            nodes.append(Node(id: id, parent: entry.parent, message: entry.message, snapshot: nil))
        }
        current = try values.decodeIfPresent(Int.self, forKey: .current)
        guard current.map(nodes.indices.contains) ?? true else {
            throw DecodingError.dataCorruptedError(
                forKey: .current, in: values, debugDescription: "the current message is not among them")
        }
    }

    /// Writes the messages; states are kept elsewhere.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(nodes.map { Entry(parent: $0.parent, message: $0.message) }, forKey: .messages)
        try values.encodeIfPresent(current, forKey: .current)
    }

    /// Attaches a state to the current message.
    public mutating func keep(_ snapshot: StateSnapshot) {
        if let current { nodes[current].snapshot = snapshot }
    }
}

/// What cannot be done with a conversation.
public enum ConversationError: Error, Equatable, Sendable {
    case noSuchMessage(id: Int, count: Int)
    case nothingToRewind(asked: Int, available: Int)
    /// There is no message to answer.
    case nothingToAnswer
}

extension ConversationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noSuchMessage(let id, let count):
            count == 0
                ? "there is no message yet" : "there is no message \(id); they are numbered from 0 to \(count - 1)"
        case .nothingToRewind(let asked, let available):
            "\(asked) turns cannot be taken back; there are \(available)"
        case .nothingToAnswer: "there is no message to answer"
        }
    }
}
