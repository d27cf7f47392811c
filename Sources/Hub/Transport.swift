internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Sends requests: through the right proxy, along redirects, with the token only where it belongs.
package final class Transport: Sendable {
    /// An answer whose body has yet to come.
    struct Response {
        let status: Int
        /// Of the answer itself and, where it lacks a name, of the redirects before it.
        let headers: HTTPHeaders
        let body: HTTPClientResponse.Body
        /// Who sent it, for messages.
        let host: String
    }

    private let settings: HubSettings
    private let clients: [ProxySettings.Proxy?: HTTPClient]

    init(_ settings: HubSettings) {
        self.settings = settings
        let proxies: Set<ProxySettings.Proxy?> = settings.proxies.all.union([nil])
        clients = Dictionary(
            uniqueKeysWithValues: proxies.map { ($0, HTTPClient(configuration: Self.configuration(settings, $0))) })
    }

    /// Closes all connections; to be called once, when no request is under way.
    func shutdown() async {
        for client in clients.values { try? await client.shutdown() }
    }

    /// The answer to GET, whatever its status, after the redirects.
    /// - Throws: `HubError`: a redirect or connection case; `cancelled`.
    func get(_ url: URL, headers: HTTPHeaders = [:]) async throws(HubError) -> Response {
        var url = url
        var collected: HTTPHeaders = [:]
        for _ in 0...settings.limits.redirects {
            let answer = try await send(url, headers)
            for (name, value) in answer.headers { collected.replaceOrAdd(name: name, value: value) }
            guard let location = answer.headers.first(name: "Location"), (300..<400).contains(answer.status.code) else {
                return Response(
                    status: Int(answer.status.code), headers: collected, body: answer.body, host: url.place)
            }
            url = try Self.redirect(from: url, to: location)
            // Only these say something of the file rather than of the redirect.
            let kept: Set = ["x-linked-size", "x-linked-etag", "x-repo-commit"]
            collected = HTTPHeaders(collected.filter { kept.contains($0.name.lowercased()) })
        }
        throw .tooManyRedirects(host: url.place, limit: settings.limits.redirects)
    }

    private func send(_ url: URL, _ headers: HTTPHeaders) async throws(HubError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url.absoluteString)
        request.headers = headers
        request.headers.add(name: "User-Agent", value: "rwkv/0.1")
        // A compressed answer has neither the length nor the ranges of the file.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        if let token = settings.token, settings.isOwn(url) {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        guard let client = clients[settings.proxies.proxy(for: url)] else {
            preconditionFailure("there is a client for each proxy")
        }
        do {
            let seconds = settings.limits.answerSeconds
            return try await client.execute(request, deadline: .now() + .milliseconds(Int64(seconds * 1000)))
        } catch {
            throw HubError(error, host: url.place)
        }
    }

    /// Where a redirect leads: only to HTTP, and never from an encrypted connection to one that is not.
    package static func redirect(from url: URL, to location: String) throws(HubError) -> URL {
        guard let next = URL(string: location, relativeTo: url)?.absoluteURL, let scheme = next.scheme?.lowercased(),
            ["http", "https"].contains(scheme), next.host()?.isEmpty == false
        else { throw .invalidRedirect(host: url.place, location: location) }
        if url.scheme?.lowercased() == "https", scheme == "http" {
            throw .insecureRedirect(host: url.place, location: location)
        }
        return next
    }

    private static func configuration(
        _ settings: HubSettings, _ proxy: ProxySettings.Proxy?
    ) -> HTTPClient.Configuration {
        func time(_ seconds: Double) -> TimeAmount { .milliseconds(Int64(seconds * 1000)) }
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(
                connect: time(settings.limits.connectSeconds), read: time(settings.limits.idleSeconds)))
        // One stream fills a connection; HTTP/2 would only add a window to it.
        configuration.httpVersion = .http1Only
        // Whoever calls waits and tries again, and says so meanwhile.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.proxy = proxy.map { proxy in
            if proxy.isSOCKS { return .socksServer(host: proxy.host, port: proxy.port) }
            let login = proxy.user.map { HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "") }
            return .server(host: proxy.host, port: proxy.port, authorization: login)
        }
        return configuration
    }
}

extension HubError {
    /// What it means that a request to `host` ended with `error`.
    init(_ error: any Error, host: String) {
        switch error {
        case let error as HubError: self = error
        case is CancellationError: self = .cancelled
        case let error as HTTPClientError:
            switch error {
            case .cancelled: self = .cancelled
            case .readTimeout, .deadlineExceeded, .connectTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout,
                .socksHandshakeTimeout, .getConnectionFromPoolTimeout:
                self = .timedOut(host: host)
            case .remoteConnectionClosed:
                self = .connectionFailed(host: host, reason: "it was closed before the end")
            default: self = .connectionFailed(host: host, reason: error.shortDescription)
            }
        default: self = .connectionFailed(host: host, reason: "\(error)")
        }
    }

    /// What an answer with a status that is no success says.
    init?(_ response: Transport.Response, _ reference: HubReference, revision: String, file: String?, hasToken: Bool) {
        let repository = reference.repository
        let retryAfter = response.headers.first(name: "Retry-After").flatMap(Double.init).map { max(0, $0) }
        switch (response.status, response.headers.first(name: "X-Error-Code")) {
        case (200..<300, _), (416, _): return nil
        case (_, "RepoNotFound"?): self = .repositoryNotFound(repository: repository, hasToken: hasToken)
        case (_, "RevisionNotFound"?): self = .revisionNotFound(repository: repository, revision: revision)
        case (_, "GatedRepo"?): self = .forbidden(repository: repository, hasToken: hasToken)
        case (401, _): self = .unauthorized(repository: repository, hasToken: hasToken)
        case (403, _): self = .forbidden(repository: repository, hasToken: hasToken)
        case (404, _):
            self =
                file.map { .fileNotFound(repository: repository, file: $0) }
                ?? .repositoryNotFound(repository: repository, hasToken: hasToken)
        case (429, _): self = .tooManyRequests(host: response.host, retryAfter: retryAfter)
        case (408, _), (500..<600, _):
            self = .serverFailure(host: response.host, status: response.status, retryAfter: retryAfter)
        default: self = .unexpectedStatus(host: response.host, status: response.status)
        }
    }
}
