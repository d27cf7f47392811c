internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore

/// Lets in who shows a key that is known: `Authorization: Bearer …`, or `X-Api-Key: …`.
struct KeyCheck: RouterMiddleware {
    let keys: APIKeys

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let shown =
            request.headers[.authorization].flatMap(bearer)
            ?? HTTPField.Name("X-Api-Key").flatMap { request.headers[$0] }
        guard let shown else {
            throw APIError(
                .unauthorized, "this server needs an API key: Authorization: Bearer KEY", code: "missing_api_key")
        }
        guard let entry = keys.entry(of: shown) else {
            throw APIError(.unauthorized, "the API key is not known here", code: "invalid_api_key")
        }
        var context = context
        context.key = entry
        return try await next(request, context)
    }

    private func bearer(_ header: String) -> String? {
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        return String(parts[1])
    }
}

/// A request of a key, from its beginning to its end: the key's limits know of it as long as this lives.
final class Permit: Sendable {
    private let keys: APIKeys?
    private let entry: APIKeys.Entry?
    private let tokens = TokenCount()

    /// - Throws: `APIError` if the key may not ask now.
    init(_ keys: APIKeys?, _ entry: APIKeys.Entry?) throws(APIError) {
        self.keys = keys
        self.entry = entry
        if let keys, let entry { try keys.begin(entry) }
    }

    deinit {
        if let keys, let entry { keys.end(entry, tokens: tokens.value) }
    }

    /// Notes tokens that were read or written.
    func use(_ count: Int) { tokens.add(count) }
}
