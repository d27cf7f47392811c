internal import Crypto
internal import Synchronization

/// A hub with one repository, `owner/name`, on two servers: the hub itself, and one for large files that it redirects to.
public final class FakeHub: Sendable {
    public typealias Request = TestServer.Request
    public typealias Reply = TestServer.Reply

    public struct File: Sendable {
        public var path: String
        public var content: [UInt8]
        /// Whether it lies on the other server, and has a SHA-256 in the listing.
        public var isLarge: Bool
        /// What the listing says instead of the truth.
        public var listedSize: Int?
        public var listedDigest: String?

        public init(
            _ path: String, _ content: [UInt8], isLarge: Bool = true, listedSize: Int? = nil,
            listedDigest: String? = nil
        ) {
            self.path = path
            self.content = content
            self.isLarge = isLarge
            self.listedSize = listedSize
            self.listedDigest = listedDigest
        }

        /// The server's tag of the content.
        public var tag: String { "\"\(digest)\"" }
        var digest: String { hexadecimal(SHA256.hash(data: content)) }
        var blob: String { hexadecimal(Insecure.SHA1.hash(data: Array("blob \(content.count)\0".utf8) + content)) }
    }

    public static let commit = "0123456789abcdef0123456789abcdef01234567"

    /// The hub.
    public let hub: TestServer
    /// The server of large files.
    public let store: TestServer

    /// - Parameters:
    ///   - onContent: The answer to the n-th request for bytes of a large file, from 0; `nil` gives them.
    ///   - onListing: The answer to the n-th request for the listing; `nil` gives it.
    public init(
        _ files: [File], onContent: @escaping @Sendable (Int, Request) -> Reply? = { _, _ in nil },
        onListing: @escaping @Sendable (Int, Request) -> Reply? = { _, _ in nil }
    ) throws {
        let counts = Counts()
        let store = try TestServer { request in
            let count = counts.content.withLock { count in
                defer { count += 1 }
                return count
            }
            if let reply = onContent(count, request) { return reply }
            guard let file = files.first(where: { "/store/" + $0.path == request.uri }) else { return Reply(404) }
            return Self.content(file, request)
        }
        self.store = store
        let address = store.address
        hub = try TestServer { request in
            if request.uri.hasPrefix("/api/models/owner/name/revision/") {
                let count = counts.listings.withLock { count in
                    defer { count += 1 }
                    return count
                }
                return onListing(count, request)
                    ?? Reply(200, ["Content-Type": "application/json"], body: Self.listing(files))
            }
            let prefix = "/owner/name/resolve/\(Self.commit)/"
            guard request.uri.hasPrefix(prefix),
                let file = files.first(where: { $0.path == request.uri.dropFirst(prefix.count) })
            else { return Reply(404, ["X-Error-Code": "RepoNotFound"]) }
            if !file.isLarge { return Self.content(file, request) }
            return Reply(
                302,
                [
                    "Location": "\(address)/store/\(file.path)", "X-Linked-Size": "\(file.content.count)",
                    "X-Linked-ETag": file.tag, "X-Repo-Commit": Self.commit,
                ])
        }
    }

    /// The bytes that the request asks for, as a server does that knows ranges.
    public static func content(_ file: File, _ request: Request, heedsIfRange: Bool = true) -> Reply {
        let headers = ["ETag": file.tag, "Accept-Ranges": "bytes"]
        let isSame = request["If-Range"].map { $0 == file.tag } ?? true
        guard let range = request["Range"], isSame || !heedsIfRange else {
            return Reply(200, headers, body: file.content)
        }
        let start = Int(range.drop { !$0.isNumber }.prefix { $0.isNumber }) ?? 0
        let total = file.content.count
        guard start < total else { return Reply(416, ["Content-Range": "bytes */\(total)"]) }
        let more = ["Content-Range": "bytes \(start)-\(total - 1)/\(total)"]
        return Reply(206, headers.merging(more) { $1 }, body: Array(file.content[start...]))
    }

    /// The listing as the hub gives it.
    public static func listing(_ files: [File]) -> [UInt8] {
        let entries = files.map { file in
            let size = file.listedSize ?? file.content.count
            let large =
                #","lfs":{"sha256":"\#(file.listedDigest ?? file.digest)","size":\#(size),"pointerSize":130}"#
            let blob = file.isLarge ? String(repeating: "0", count: 40) : file.listedDigest ?? file.blob
            return #"{"rfilename":"\#(file.path)","size":\#(size),"blobId":"\#(blob)"\#(file.isLarge ? large : "")}"#
        }
        return Array(
            #"{"id":"owner/name","sha":"\#(commit)","private":false,"siblings":[\#(entries.joined(separator: ","))]}"#
                .utf8)
    }
}

private final class Counts: Sendable {
    let listings = Mutex(0)
    let content = Mutex(0)
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

/// Bytes without a pattern that a mistake could repeat.
public func someBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}
