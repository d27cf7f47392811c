internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension Request {
    /// The request's body as JSON.
    /// - Throws: `APIError` for a body that is too long or not what was expected, naming the field.
    mutating func decode<Value: Decodable>(_ type: Value.Type, limit: Int) async throws -> Value {
        let buffer: ByteBuffer
        do {
            buffer = try await collectBody(upTo: limit)
        } catch {
            throw APIError(.contentTooLarge, "the request's body is longer than \(limit) bytes")
        }
        let data = Data(buffer.readableBytesView)
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            // The whole of a text's structure is read before any value: what fails only now is a value.
            let isJSON = (try? JSONDecoder().decode(AnyJSON.self, from: data)) != nil
            throw APIError(error, isJSON: isJSON)
        }
    }
}

extension APIError {
    /// - Parameter isJSON: Whether the body is JSON at all.
    init(_ error: DecodingError, isJSON: Bool) {
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
            self.init(.badRequest, "“\(name ?? "the body")” must be \(nameInJSON(type))", param: name)
        case .valueNotFound(_, let context):
            let name = path(context)
            self.init(.badRequest, "“\(name ?? "the body")” must not be null", param: name)
        case .dataCorrupted(let context):
            if let name = path(context) {
                self.init(.badRequest, context.debugDescription, param: name)
            } else if isJSON {
                self.init(.badRequest, "the body has a number that does not fit, or a text that is not valid Unicode")
            } else {
                self.init(.badRequest, "the body is not JSON")
            }
        @unknown default: self.init(.badRequest, "the body is not what was expected")
        }
    }
}
