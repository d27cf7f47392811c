internal import Foundation

/// An answer in Ollama's form, or a piece of it.
struct OllamaAnswer: Encodable, Sendable {
    struct Message: Encodable {
        let role = "assistant"
        let content: String
        let thinking: String?
    }

    let model: String
    let createdAt: String
    private var response: String?
    private var thinking: String?
    private var message: Message?
    var done = false
    var doneReason: String?
    var totalDuration: Int64?
    var promptEvalCount: Int?
    var promptEvalDuration: Int64?
    var evalCount: Int?
    var evalDuration: Int64?

    enum CodingKeys: String, CodingKey {
        case model, response, thinking, message, done
        case createdAt = "created_at"
        case doneReason = "done_reason"
        case totalDuration = "total_duration"
        case promptEvalCount = "prompt_eval_count"
        case promptEvalDuration = "prompt_eval_duration"
        case evalCount = "eval_count"
        case evalDuration = "eval_duration"
    }

    init(_ model: String, _ kind: OllamaRequest.Kind, _ text: String, _ thoughts: String) {
        self.model = model
        createdAt = Date().formatted(.iso8601)
        set(text, thoughts, kind)
    }

    mutating func set(_ text: String, _ thoughts: String, _ kind: OllamaRequest.Kind) {
        let found = thoughts.isEmpty ? nil : thoughts
        switch kind {
        case .generate: (response, thinking) = (text, found)
        case .chat: message = Message(content: text, thinking: found)
        }
    }

    /// The last line of a stream, whose text was sent before.
    var withoutText: OllamaAnswer {
        var last = self
        last.set("", "", message == nil ? .generate : .chat)
        return last
    }
}
