internal import Checkpoints
public import Foundation
public import Generation
internal import LanguageModels
internal import Tensors
internal import Tokenizers

extension StateStore {
    /// What an exported file says of its conversation.
    private struct Exported: Codable {
        let model: String
        let title: String
        let tree: ConversationTree
    }

    private static let key = "rwkv.conversation.export"

    /// A conversation as a safetensors file: its messages, and the state at the current one if there is one at hand.
    public func export(_ id: String, owner: String, snapshot: StateSnapshot? = nil) throws -> Data {
        let record = try conversation(id, owner: owner)
        let messages = try messages(of: id, owner: owner)
        var tree = ConversationTree()
        var places: [Int64: Int] = [:]
        for message in messages {
            try tree.go(to: message.parent.flatMap { places[$0] })
            places[message.id] = tree.append(message.message)
        }
        try tree.go(to: record.current.flatMap { places[$0] })
        let exported = Exported(model: record.model, title: record.title, tree: tree)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let metadata = [Self.key: String(decoding: try encoder.encode(exported), as: UTF8.self)]
        if let snapshot { return try StateBlob.data(of: snapshot, metadata: metadata) }
        let sink = DataSink()
        try SafetensorsFile.write([], metadata: metadata, to: sink)
        return sink.data
    }

    /// Takes an exported conversation over, as a new one of `owner`.
    /// - Throws: `StateStoreError.notAConversation`.
    public func importConversation(_ data: Data, owner: String) throws -> ConversationRecord {
        let exported: Exported
        do {
            guard let text = try StateBlob.file(data).metadata[Self.key] else {
                throw StateStoreError.notAConversation(reason: "it has no “\(Self.key)”")
            }
            exported = try JSONDecoder().decode(Exported.self, from: Data(text.utf8))
        } catch let error as StateStoreError {
            throw error
        } catch {
            throw StateStoreError.notAConversation(reason: "\(error)")
        }
        let record = try create(owner: owner, model: exported.model, title: exported.title)
        var ids: [Int: Int64] = [:]
        for node in exported.tree.nodes {
            let parent = node.parent.flatMap { ids[$0] }
            ids[node.id] = try append(node.message, after: parent, in: record.id, owner: owner).id
        }
        return try update(record.id, owner: owner, current: .some(exported.tree.current.flatMap { ids[$0] }))
    }
}
