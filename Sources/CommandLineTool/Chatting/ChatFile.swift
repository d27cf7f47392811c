internal import Foundation
internal import RWKV

/// A saved conversation: a safetensors file with the state at its current message, and its messages beside it.
///
/// It is a state file too: `rwkv generate --state` goes on from it.
struct ChatFile: Codable {
    let tree: ConversationTree
    let template: ChatFormat
    let parameters: SamplingParameters
    let maximumTokens: Int
    /// The sizes of the model that the state belongs to.
    let model: ModelConfiguration
    /// What the state has seen; empty if there is none.
    let tokens: [TokenID]

    private static let key = "rwkv.conversation"

    /// Writes the conversation; the file appears whole or not at all.
    static func save(_ conversation: Conversation, to path: String) async throws {
        let tree = await conversation.tree
        let snapshot = tree.path.last?.snapshot
        let file = ChatFile(
            tree: tree, template: await conversation.template, parameters: await conversation.parameters,
            maximumTokens: await conversation.maximumTokens, model: conversation.model.configuration,
            tokens: snapshot?.tokens ?? [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let text = String(decoding: try encoder.encode(file), as: UTF8.self)
        try SafetensorsFile.write(snapshot?.state.tensors() ?? [], metadata: [key: text], to: path)
    }

    /// Puts a saved conversation in the place of this one.
    /// - Returns: Whether the state was taken over; otherwise the messages will be read again.
    static func load(_ path: String, into conversation: Conversation) async throws -> Bool {
        let stored = try SafetensorsFile(path: path)
        guard let text = stored.metadata[key] else {
            throw InputError(description: "\(path) is not a saved conversation: it has no “\(key)”")
        }
        let file: ChatFile
        do {
            file = try JSONDecoder().decode(ChatFile.self, from: Data(text.utf8))
            _ = try file.parameters.validated()
        } catch {
            throw InputError(description: "\(path) is not a saved conversation: \(describe(error))")
        }
        var tree = file.tree
        var hasState = false
        let model = conversation.model
        if file.model == model.configuration, !file.tokens.isEmpty,
            let state = try? model.state(loading: stored.tensors)
        {
            tree.keep(StateSnapshot(tokens: file.tokens, state: state))
            hasState = true
        }
        await conversation.restore(tree)
        await conversation.set(file.template)
        await conversation.set(file.parameters)
        await conversation.set(maximumTokens: max(1, file.maximumTokens))
        return hasState
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "\(error)" }
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            return context.debugDescription
        @unknown default: return "\(error)"
        }
    }
}
