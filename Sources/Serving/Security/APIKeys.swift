internal import Crypto
public import Foundation
internal import HTTPTypes
internal import Synchronization

/// Who may use a server, and how much.
///
/// Only SHA-256 hashes of the keys are held. A key is 256 random bits, so that its hash tells nothing of it and needs no
/// salt.
public final class APIKeys: Sendable {
    /// One key.
    public struct Entry: Sendable, Codable, Equatable {
        /// Whose it is, for logs and for telling conversations apart.
        public let name: String
        /// SHA-256 of the key, in hexadecimal.
        public let hash: String
        /// The most requests at the same time; any number if `nil`.
        public var concurrent: Int?
        /// The most tokens, read and written, in a minute; any number if `nil`.
        public var tokensPerMinute: Int?

        public init(name: String, hash: String, concurrent: Int? = nil, tokensPerMinute: Int? = nil) {
            self.name = name
            self.hash = hash
            self.concurrent = concurrent
            self.tokensPerMinute = tokensPerMinute
        }
    }

    private struct Use {
        var running = 0
        /// Tokens that may still be used, growing with time.
        var allowance: Double?
        var updated = ContinuousClock.now
    }

    public let entries: [Entry]
    private let byHash: [String: Entry]
    private let uses = Mutex<[String: Use]>([:])

    public init(_ entries: [Entry]) {
        self.entries = entries
        byHash = Dictionary(entries.map { ($0.hash.lowercased(), $0) }) { first, _ in first }
    }

    /// Keys from a file's JSON: `{"keys": [{"name": …, "hash": …, "concurrent": …, "tokensPerMinute": …}]}`.
    /// - Throws: `DecodingError`.
    public convenience init(json: Data) throws {
        struct File: Decodable { let keys: [Entry] }
        self.init(try JSONDecoder().decode(File.self, from: json).keys)
    }

    /// A new key, `rwkv-` and 64 hexadecimal digits. It is nowhere kept.
    public static func newKey() -> String {
        SymmetricKey(size: .bits256).withUnsafeBytes { "rwkv-" + $0.map(hexadecimal).joined() }
    }

    /// The hash under which a key is filed.
    public static func hash(of key: String) -> String {
        SHA256.hash(data: Data(key.utf8)).map(hexadecimal).joined()
    }

    /// Whose a key is; `nil` if it is nobody's.
    ///
    /// Looked up by its hash: how long that takes says nothing of the key.
    func entry(of key: String) -> Entry? { byHash[Self.hash(of: key)] }

    /// Begins a request of a key.
    /// - Throws: `APIError` 429 if the key has as many running as it may, or has used up its tokens.
    func begin(_ entry: Entry) throws(APIError) {
        let refusal: APIError? = uses.withLock { uses in
            var use = uses[entry.name] ?? Use()
            Self.refill(&use, entry)
            defer { uses[entry.name] = use }
            if let limit = entry.concurrent, use.running >= limit {
                return APIError(
                    .tooManyRequests, "this key may have \(limit) requests at the same time", type: "rate_limit_error",
                    code: "rate_limit_exceeded", retryAfter: 1)
            }
            if let allowance = use.allowance, let rate = entry.tokensPerMinute, allowance <= 0 {
                let seconds = (1 - allowance) * 60 / Double(max(1, rate))
                return APIError(
                    .tooManyRequests, "this key may use \(rate) tokens a minute", type: "rate_limit_error",
                    code: "rate_limit_exceeded", retryAfter: max(1, Int(seconds.rounded(.up))))
            }
            use.running += 1
            return nil
        }
        if let refusal { throw refusal }
    }

    /// Ends a request of a key that has used so many tokens.
    func end(_ entry: Entry, tokens: Int) {
        uses.withLock { uses in
            var use = uses[entry.name] ?? Use()
            Self.refill(&use, entry)
            use.running -= 1
            use.allowance = use.allowance.map { $0 - Double(tokens) }
            uses[entry.name] = use
        }
    }

    private static func refill(_ use: inout Use, _ entry: Entry) {
        guard let rate = entry.tokensPerMinute else { return }
        let now = ContinuousClock.now
        let seconds = (now - use.updated) / .seconds(1)
        use.allowance = min(Double(rate), (use.allowance ?? Double(rate)) + seconds * Double(rate) / 60)
        use.updated = now
    }
}

private func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return byte < 16 ? "0" + digits : digits
}
