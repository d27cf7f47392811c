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

    /// What an error of the layers below means to a client.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as EngineError: self.init(error)
        case let error as SamplingError: self.init(.badRequest, "\(error)")
        case let error as ModelError: self.init(.badRequest, "\(error)", param: "prompt")
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

    private init(_ error: EngineError) {
        switch error {
        case .queueFull:
            self.init(
                .tooManyRequests, "\(error)", type: "rate_limit_error", code: "queue_full", retryAfter: 2)
        case .closed:
            self.init(.serviceUnavailable, "\(error)", type: "server_error", code: "shutting_down", retryAfter: 10)
        case .deadlineExceeded:
            self.init(.serviceUnavailable, "\(error)", type: "timeout", code: "deadline_exceeded", retryAfter: 2)
        case .promptTooLong:
            self.init(.badRequest, "\(error)", param: "messages", code: "context_length_exceeded")
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
