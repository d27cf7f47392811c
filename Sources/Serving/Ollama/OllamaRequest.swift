internal import Generation

/// A request in Ollama's form.
struct OllamaRequest: Decodable {
    enum Kind {
        case generate, chat

        /// The field that the prompt comes in.
        var promptField: String {
            switch self {
            case .generate: "prompt"
            case .chat: "messages"
            }
        }
    }

    struct Message: Decodable {
        let role: String
        let content: String
    }

    /// The names are those of other requests, but for the length.
    struct Options: Decodable {
        let sampling: SamplingFields
        let numPredict: Int?

        enum CodingKeys: String, CodingKey {
            case numPredict = "num_predict"
        }

        init(from decoder: any Decoder) throws {
            sampling = try SamplingFields(from: decoder)
            numPredict = try decoder.container(keyedBy: CodingKeys.self).field(Int.self, .numPredict)
        }
    }

    let model: String?
    let prompt: String?
    let system: String?
    let messages: [Message]?
    let stream: Bool?
    let raw: Bool?
    let think: Bool?
    let format: JSONValue?
    let options: Options?

    /// What the answer must follow: `"json"`, or a schema.
    func grammar() throws(GrammarError) -> Grammar? {
        switch format {
        case nil, .null?, .string("")?: nil
        case .string("json")?: Grammar.jsonObject.afterBlank
        case let schema?: try Grammar(jsonSchema: schema).afterBlank
        }
    }
}
