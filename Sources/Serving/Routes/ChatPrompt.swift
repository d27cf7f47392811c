internal import Foundation
internal import Generation
internal import HTTPTypes
internal import Tokenizers

/// A chat request's messages and tools as a conversation that a model can read.
///
/// Tools have the form of G1 models: they stand in the system message as JSON, a call is a fenced block of JSON with
/// `name` and `arguments`, and a result comes back in the user's name as `Function output:`.
struct ChatPrompt {
    let messages: [ChatMessage]

    init(_ request: ChatRequest) throws {
        var messages: [ChatMessage] = []
        for (index, message) in request.messages.enumerated() {
            let text = message.content?.text ?? ""
            switch message.role {
            case "system", "developer": messages.append(ChatMessage(.system, text))
            case "user": messages.append(ChatMessage(.user, text))
            case "assistant":
                let calls = message.toolCalls?.map { Self.call($0.function.name, $0.function.arguments) } ?? []
                messages.append(
                    ChatMessage(.assistant, ([text] + calls).filter { !$0.isEmpty }.joined(separator: "\n")))
            case "tool", "function": messages.append(ChatMessage(.user, "Function output: " + text))
            default:
                throw APIError.invalid(
                    "messages.[\(index)].role",
                    "“\(message.role)” is no role; it must be system, developer, user, assistant or tool")
            }
        }
        guard !messages.isEmpty else { throw APIError.invalid("messages", "there are no messages") }
        if let tools = request.tools, !tools.isEmpty {
            if let other = tools.first(where: { $0.type != "function" }) {
                throw APIError.invalid("tools", "tools of type “\(other.type)” are not supported; there are functions")
            }
            if case .none? = request.toolChoice {
                // The model is not told of what it must not use.
            } else {
                let list = String(decoding: try JSONEncoder.api.encode(tools.map(\.function)), as: UTF8.self)
                let block =
                    "Tools:\n\(list)\nTo call a tool, answer with\n"
                    + "```json\n{\"name\": NAME, \"arguments\": {…}}\n```"
                if messages.first?.role == .system {
                    messages[0].content += "\n" + block
                } else {
                    messages.insert(ChatMessage(.system, block), at: 0)
                }
            }
        }
        self.messages = messages
    }

    /// A call as the model writes it.
    private static func call(_ name: String, _ arguments: String) -> String {
        let quoted = (try? JSONEncoder.api.encode(name)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
        return "```json\n{\"name\": \(quoted), \"arguments\": \(arguments)}\n```"
    }
}

/// Finds the call of a tool in an answer.
enum ToolCallText {
    private struct Call: Decodable {
        let name: String
        let arguments: JSONValue?
    }

    /// The calls in `text`, and what is left of it; no calls if there is none of a tool that is known.
    static func parse(_ text: String, tools: Set<String>) -> (calls: [ToolCall], rest: String) {
        var (calls, rest): ([ToolCall], String) = ([], "")
        var remaining = text[...]
        while let open = remaining.firstRange(of: "```json") {
            let inner = remaining[open.upperBound...]
            let close = inner.firstRange(of: "```")
            let block = inner[..<(close?.lowerBound ?? inner.endIndex)]
            let end = close?.upperBound ?? inner.endIndex
            if let call = try? JSONDecoder().decode(Call.self, from: Data(block.utf8)), tools.contains(call.name) {
                rest += remaining[..<open.lowerBound]
                let arguments = (try? JSONEncoder.api.encode(call.arguments ?? .object([:]))) ?? Data("{}".utf8)
                calls.append(
                    ToolCall(
                        id: newID("call_"), type: "function",
                        function: ToolCall.Function(
                            name: call.name, arguments: String(decoding: arguments, as: UTF8.self))))
            } else {
                rest += remaining[..<end]
            }
            remaining = remaining[end...]
        }
        return (calls, (rest + remaining).trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
