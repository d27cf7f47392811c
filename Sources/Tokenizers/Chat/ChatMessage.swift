/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable, Codable {
    /// Whose message it is.
    public enum Role: String, Sendable, Codable, CaseIterable { case system, user, assistant }

    public var role: Role
    public var content: String

    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}
