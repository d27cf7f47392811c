internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension Request {
    /// The request's body as JSON.
    ///
    /// The body stays attached to its connection, so that a client that goes away can be noticed.
    /// - Throws: `APIError` for a body that is too long or not what was expected, naming the field.
    mutating func decode<Value: Decodable>(_ type: Value.Type, limit: Int) async throws -> Value {
        let buffer: ByteBuffer
        do {
            buffer = try await collectBody(upTo: limit)
        } catch {
            throw APIError(.contentTooLarge, "the request's body is longer than \(limit) bytes")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch let error as DecodingError {
            throw APIError(error)
        }
    }
}

extension APIError {
    init(_ error: DecodingError) {
        func path(_ context: DecodingError.Context, _ last: (any CodingKey)? = nil) -> String? {
            let keys = context.codingPath + (last.map { [$0] } ?? [])
            let text = keys.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
            return text.isEmpty ? nil : text
        }
        switch error {
        case .keyNotFound(let key, let context):
            let name = path(context, key) ?? key.stringValue
            self.init(.badRequest, "“\(name)” is missing", param: name)
        case .typeMismatch(let type, let context):
            let name = path(context)
            self.init(.badRequest, "“\(name ?? "the body")” must be of type \(type)", param: name)
        case .valueNotFound(_, let context):
            let name = path(context)
            self.init(.badRequest, "“\(name ?? "the body")” must not be null", param: name)
        case .dataCorrupted(let context):
            let name = path(context)
            self.init(
                .badRequest, name == nil ? "the body is not JSON" : context.debugDescription, param: name)
        @unknown default: self.init(.badRequest, "the body is not what was expected")
        }
    }
}
