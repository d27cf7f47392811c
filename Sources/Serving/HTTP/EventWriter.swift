internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

extension Response {
    /// A JSON answer.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let body = ByteBuffer(bytes: try JSONEncoder.api.encode(value))
        return Response(
            status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: body))
    }

    /// An answer that comes in pieces.
    static func stream(
        contentType: String, _ write: @escaping @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: contentType, .cacheControl: "no-cache",
            // nginx would otherwise collect the pieces before it passes them on.
            HTTPField.Name("X-Accel-Buffering") ?? .via: "no",
        ]
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { writer in
                try await write(&writer)
                try await writer.finish(nil)
            })
    }
}

extension ResponseBodyWriter {
    /// Writes a server-sent event.
    mutating func event(_ value: some Encodable) async throws {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try JSONEncoder.api.encode(value))
        buffer.writeString("\n\n")
        try await write(buffer)
    }

    /// Writes a line of JSON.
    mutating func line(_ value: some Encodable) async throws {
        var buffer = ByteBuffer(bytes: try JSONEncoder.api.encode(value))
        buffer.writeString("\n")
        try await write(buffer)
    }

    /// Ends a stream of server-sent events as OpenAI does.
    mutating func done() async throws { try await write(ByteBuffer(string: "data: [DONE]\n\n")) }
}

extension ResponseBodyWriter {
    /// Says in a stream that has begun that it cannot go on. Its status was sent long ago.
    /// - Parameter prompt: The field that the prompt came in.
    mutating func failed(_ error: any Error, prompt: String) async throws {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(APIError(error, prompt: prompt).body)
        buffer.writeString("\n\n")
        try await write(buffer)
    }
}
