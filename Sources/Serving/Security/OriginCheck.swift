internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore

/// Keeps web pages away that are not the server's own, unless their origin is named (CORS).
///
/// A browser sends requests of any page to any address, this machine's included, and says in `Origin` whose they are. A name
/// that somebody lets point to this machine (DNS rebinding) is found out by `Host`: a server that only this machine reaches is
/// called `localhost` or by its address.
struct OriginCheck: RouterMiddleware {
    let allowed: [String]
    let isLoopback: Bool

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        if isLoopback, let host = request.head.authority, !Self.isLocal(host), !isAllowed(host) {
            throw APIError(
                .forbidden, "“\(host)” is not a name of this machine; see --allow-origin", code: "host_not_allowed")
        }
        guard let origin = request.headers[.origin] else { return try await next(request, context) }
        guard allowed.contains(origin) else {
            let own = origin.firstRange(of: "://").map { origin[$0.upperBound...] }
            guard own.map({ $0 == request.head.authority ?? "" }) == true else {
                throw APIError(.forbidden, "web pages of \(origin) may not ask here", code: "origin_not_allowed")
            }
            return try await next(request, context)
        }
        if request.method == .options {
            return Response(
                status: .noContent,
                headers: [
                    .accessControlAllowOrigin: origin, .accessControlAllowMethods: "GET, POST, PATCH, DELETE",
                    .accessControlAllowHeaders: "authorization, content-type", .vary: "Origin",
                ])
        }
        var response = try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        return response
    }

    /// Whether pages of this host may ask: a proxy that passes its own name on is meant by that, too.
    private func isAllowed(_ authority: String) -> Bool {
        allowed.contains { origin in
            origin.firstRange(of: "://").map { origin[$0.upperBound...] == authority } ?? false
        }
    }

    private static func isLocal(_ authority: String) -> Bool {
        let host =
            authority.hasPrefix("[")
            ? authority.prefix { $0 != "]" }.dropFirst() : authority.prefix { $0 != ":" }
        return isLoopbackName(host)
    }
}

/// Whether a name or an address is this machine's own, reached from nowhere else: `localhost`, `::1`, 127.0.0.0/8.
func isLoopbackName(_ host: some StringProtocol) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    // Four numbers: “127.evil.example” is anybody's name.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}
