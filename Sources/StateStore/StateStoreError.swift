/// Why a store cannot do what is asked of it.
public enum StateStoreError: Error, Equatable, Sendable {
    /// The file is not a store, or cannot be read or written.
    case cannotOpen(path: String, reason: String)
    /// SQLite failed, for example because the disk is full.
    case failed(reason: String)
    /// There is no such conversation of this owner.
    case noSuchConversation(id: String)
    /// The conversation has no such message.
    case noSuchMessage(id: Int64)
    /// A file that was to be imported is not an exported conversation.
    case notAConversation(reason: String)
}

extension StateStoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "\(path) cannot be used as a store of conversations: \(reason)"
        case .failed(let reason): "the store of conversations failed: \(reason)"
        case .noSuchConversation(let id): "there is no conversation “\(id)”"
        case .noSuchMessage(let id): "the conversation has no message \(id)"
        case .notAConversation(let reason): "this is not an exported conversation: \(reason)"
        }
    }
}
