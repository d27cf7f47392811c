#if canImport(FoundationEssentials)
    package import FoundationEssentials
#else
    package import Foundation
#endif

/// Which requests go through a proxy, in the words that most programs understand: `HTTPS_PROXY`, `HTTP_PROXY`,
/// `ALL_PROXY` and `NO_PROXY`, in capitals or not.
public struct ProxySettings: Hashable, Sendable {
    /// A proxy, with the name and password for it, if any.
    package struct Proxy: Hashable, Sendable {
        var host: String
        var port: Int
        var isSOCKS: Bool
        var user: String?
        var password: String?

        package init(
            host: String, port: Int, isSOCKS: Bool = false, user: String? = nil, password: String? = nil
        ) {
            (self.host, self.port, self.isSOCKS, self.user, self.password) = (host, port, isSOCKS, user, password)
        }
    }

    private var byScheme: [String: Proxy] = [:]
    private var excluded: [String] = []

    /// No proxies.
    public init() {}

    /// - Throws: `HubError.invalidProxy`.
    public init(environment: [String: String]) throws(HubError) {
        func value(_ name: String) -> String? {
            let text = environment[name] ?? environment[name.uppercased()]
            return text?.isEmpty == false ? text : nil
        }
        for scheme in ["http", "https"] {
            guard let text = value("\(scheme)_proxy") ?? value("all_proxy") else { continue }
            byScheme[scheme] = try Self.proxy(text)
        }
        excluded = (value("no_proxy") ?? "").split { $0 == "," || $0 == " " }.map { $0.lowercased() }
    }

    /// All proxies that some request may go through.
    var all: Set<Proxy?> { Set(byScheme.values.map { $0 }) }

    /// The proxy for `url`; `nil` if it is asked directly.
    package func proxy(for url: URL) -> Proxy? {
        guard let scheme = url.scheme?.lowercased(), let proxy = byScheme[scheme],
            let host = url.host()?.lowercased()
        else { return nil }
        // This machine is never reached through another.
        if ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host) { return nil }
        let isExcluded = excluded.contains { entry in
            let name = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
            return entry == "*" || host == name || host.hasSuffix("." + name) || "\(host):\(url.effectivePort)" == name
        }
        return isExcluded ? nil : proxy
    }

    private static func proxy(_ text: String) throws(HubError) -> Proxy {
        let address = text.contains("://") ? text : "http://" + text
        guard let url = URL(string: address), let host = url.host(), !host.isEmpty,
            let scheme = url.scheme?.lowercased()
        else { throw .invalidProxy(text) }
        switch scheme {
        case "http":
            return Proxy(
                host: host, port: url.port ?? 80, user: url.user(percentEncoded: false),
                password: url.password(percentEncoded: false))
        case "socks5", "socks5h", "socks": return Proxy(host: host, port: url.port ?? 1080, isSOCKS: true)
        default: throw .invalidProxy(text)
        }
    }
}
