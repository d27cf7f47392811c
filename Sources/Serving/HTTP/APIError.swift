internal import Foundation
internal import Generation
internal import HTTPTypes
public import Hummingbird
internal import HummingbirdCore
internal import LanguageModels
internal import NIOCore
internal import StateStore

/// What a client is told when its request cannot be answered, in OpenAI's form:
///
///     {"error": {"message": …, "type": …, "param": …, "code": …}}
public struct APIError: Error, Sendable, Equatable {
    public var status: HTTPResponse.Status
    public var message: String
    /// What kind of mistake it is, such as `invalid_request_error`.
    public var type: String
    /// The field of the request that is wrong.
    public var param: String?
    public var code: String?
    /// After how many seconds it is worth trying again.
    public var retryAfter: Int?
    /// The methods that the path has, if the request's is not among them.
    public var allowedMethods: String?
    /// What the log is told and the client is not.
    public var cause: String?

    public init(
        _ status: HTTPResponse.Status, _ message: String, type: String = "invalid_request_error", param: String? = nil,
        code: String? = nil, retryAfter: Int? = nil
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.param = param
        self.code = code
        self.retryAfter = retryAfter
    }

    /// A field that has no meaning as it is.
    static func invalid(_ param: String, _ message: String) -> APIError {
        APIError(.badRequest, message, param: param)
    }

    /// Does something with a field's value; what is wrong with a grammar is told of that field.
    static func naming<Value>(_ param: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as GrammarError {
            throw invalid(param, "\(error)")
        }
    }

    /// Does something with a prompt; what is wrong with that is told of the field that it came in.
    static func naming<Value>(prompt field: String, _ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error where error is ModelError || error is EngineError {
            throw APIError(error, prompt: field)
        }
    }

    /// What an error of the layers below means to a client.
    /// - Parameter prompt: The field that the prompt came in.
    init(_ error: any Error, prompt: String = "prompt") {
        switch error {
        case let error as APIError: self = error
        case let error as EngineError: self.init(engine: error, prompt: prompt)
        case let error as SamplingError: self.init(sampling: error)
        case let error as ModelError: self.init(.badRequest, "\(error)", param: prompt)
        case let error as GrammarError: self.init(.badRequest, "\(error)", param: "response_format")
        case let error as StateStoreError: self.init(error)
        case is CancellationError: self.init(.requestTimeout, "the request was cancelled", type: "cancelled")
        case let error as HTTPError:
            self.init(error.status, error.body ?? error.status.reasonPhrase, code: "\(error.status.code)")
        default:
            // What it says may be of no concern to a client; the log has it.
            self.init(.internalServerError, "the server failed to answer", type: "server_error")
        }
    }

    private init(_ error: StateStoreError) {
        switch error {
        case .noSuchConversation: self.init(.notFound, "\(error)", code: "conversation_not_found")
        case .noSuchMessage: self.init(.notFound, "\(error)", code: "message_not_found")
        case .notAConversation: self.init(.badRequest, "\(error)")
        case .cannotOpen, .failed:
            self.init(.internalServerError, "the store of conversations failed", type: "server_error")
        }
    }

    /// What is wrong with a number that says how tokens are chosen, which requests call otherwise: `topP` is `top_p` there.
    init(sampling error: SamplingError) {
        guard case .parameterOutOfRange(let name, let found, let needed) = error else {
            self.init(.badRequest, "\(error)")
            return
        }
        let field = name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
        let number = Int(exactly: found).map { "\($0)" } ?? "\(found)"
        self.init(.badRequest, "\(field) is \(number); it must be \(needed)", param: field)
    }

    private init(engine error: EngineError, prompt: String) {
        switch error {
        case .queueFull:
            self.init(
                .tooManyRequests, "\(error)", type: "rate_limit_error", code: "queue_full", retryAfter: 2)
        case .closed:
            self.init(.serviceUnavailable, "\(error)", type: "server_error", code: "shutting_down", retryAfter: 10)
        case .deadlineExceeded:
            self.init(.serviceUnavailable, "\(error)", type: "timeout", code: "deadline_exceeded", retryAfter: 2)
        case .promptTooLong:
            self.init(.badRequest, "\(error)", param: prompt, code: "context_length_exceeded")
        case .invalidAnswerCount: self.init(.badRequest, "\(error)", param: "n")
        case .stateOfAnotherModel: self.init(.badRequest, "\(error)")
        }
    }

    /// The answer's JSON.
    var body: Data {
        struct Body: Encodable {
            struct Content: Encodable {
                let message: String
                let type: String
                let param: String?
                let code: String?

                enum CodingKeys: String, CodingKey { case message, type, param, code }

                // OpenAI's errors have all four fields, null where there is nothing.
                func encode(to encoder: any Encoder) throws {
                    var values = encoder.container(keyedBy: CodingKeys.self)
                    try values.encode(message, forKey: .message)
                    try values.encode(type, forKey: .type)
                    try values.encode(param, forKey: .param)
                    try values.encode(code, forKey: .code)
                }
            }
            let error: Content
        }
        let content = Body(error: Body.Content(message: message, type: type, param: param, code: code))
        return (try? JSONEncoder.api.encode(content)) ?? Data()
    }
}

extension APIError: HTTPResponseError {
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers: HTTPFields = [.contentType: "application/json"]
        if let retryAfter { headers[.retryAfter] = "\(retryAfter)" }
        if let allowedMethods { headers[.allow] = allowedMethods }
        if status == .unauthorized { headers[.wwwAuthenticate] = "Bearer" }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
    }
}

extension JSONEncoder {
    /// How all answers are written.
    static var api: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
