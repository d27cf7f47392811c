#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// Where the hub is, who asks, and how patient it is.
public struct HubSettings: Sendable {
    /// The hub's address, without a slash at the end.
    public var endpoint: URL
    /// Sent to the endpoint's own host and nowhere else.
    public var token: String?
    public var proxies = ProxySettings()
    public var limits = HubLimits()

    /// - Throws: `HubError.invalidEndpoint`; `invalidToken`.
    public init(endpoint: String = "https://huggingface.co", token: String? = nil) throws(HubError) {
        var text = endpoint
        while text.hasSuffix("/") { text.removeLast() }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = url.host(), !host.isEmpty, url.user() == nil, url.query() == nil, url.fragment() == nil
        else { throw .invalidEndpoint(endpoint) }
        self.endpoint = url
        if let token {
            // A line feed in a header would be another header.
            guard token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw .invalidToken }
            self.token = token
        }
    }

    /// What the environment says: `HF_ENDPOINT`, `HF_TOKEN`, and the proxies.
    /// - Throws: as `init(endpoint:token:)`; `HubError.invalidProxy`.
    public init(environment: [String: String]) throws(HubError) {
        func value(_ name: String) -> String? {
            let text = environment[name]?.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return text?.isEmpty == false ? text : nil
        }
        try self.init(endpoint: value("HF_ENDPOINT") ?? "https://huggingface.co", token: value("HF_TOKEN"))
        proxies = try ProxySettings(environment: environment)
    }

    /// Whether `url` is on the endpoint's own host, by the same protocol and port.
    package func isOwn(_ url: URL) -> Bool {
        url.scheme?.lowercased() == endpoint.scheme?.lowercased()
            && url.host()?.lowercased() == endpoint.host()?.lowercased() && url.effectivePort == endpoint.effectivePort
    }
}

/// How long to wait and how much to take.
public struct HubLimits: Sendable {
    /// Seconds until a connection must stand.
    public var connectSeconds = 15.0
    /// Seconds until the answer to a request must begin.
    public var answerSeconds = 60.0
    /// Seconds that a connection may be silent.
    public var idleSeconds = 30.0
    /// Fewer bytes than `slowByteCount` in this many seconds are as bad as silence.
    public var slowSeconds = 60.0
    public var slowByteCount = 4096
    /// How often in a row something may fail without a byte coming.
    public var attempts = 6
    /// Seconds before the second attempt; they double each time.
    public var firstPause = 1.0
    /// The most seconds to wait, also where the server asks for more.
    public var longestPause = 300.0
    public var redirects = 10
    public var listingByteCount = 32 << 20

    public init() {}
}

extension URL {
    var effectivePort: Int { port ?? (scheme?.lowercased() == "https" ? 443 : 80) }

    /// The host with its port, where that is not the usual one.
    var place: String { (host() ?? "?") + (port.map { ":\($0)" } ?? "") }
}
