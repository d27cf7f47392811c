internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// One file on its way to disk.
struct Download {
    let transport: Transport
    let settings: HubSettings
    let reference: HubReference
    let revision: String
    let file: HubFile
    let path: String
    let onEvent: @Sendable (HubEvent) -> Void

    /// Fetches the rest of the file, however often the connection breaks, checks the whole and gives it its name.
    /// - Returns: The SHA-256 of the file.
    func run() async throws(HubError) -> String {
        let part = try PartFile(
            for: path,
            .init(
                source: "\(reference.repository)@\(revision)/\(file.path)", digest: file.digest.map { "\($0)" },
                byteCount: file.byteCount))
        var hasher = newHasher()
        // Longer than the file: nothing that could go on.
        if let total = file.byteCount, part.byteCount > total { try part.begin(tag: nil) }
        try part.read { (piece, end) throws(HubError) in
            hasher.update(piece)
            if Task.isCancelled { throw .cancelled }
            onEvent(.checking(file: file.path, byteCount: end, total: file.byteCount))
        }

        var policy = RetryPolicy(settings.limits, onEvent: onEvent)
        var isComplete = part.byteCount > 0 && part.byteCount == file.byteCount
        while !isComplete {
            let before = part.byteCount
            do throws(HubError) {
                try await fetchRest(into: part, &hasher)
                isComplete = true
            } catch {
                if part.byteCount > before { policy.succeed() }
                try await policy.wait(after: error)
            }
        }
        return try finish(part, hasher)
    }

    private func newHasher() -> ContentHasher { ContentHasher(expected: file.digest, byteCount: file.byteCount) }

    /// Compares size and digest with the listing's.
    private func finish(_ part: PartFile, _ hasher: ContentHasher) throws(HubError) -> String {
        if let total = file.byteCount, part.byteCount != total {
            throw .sizeMismatch(file: file.path, expected: total, found: part.byteCount)
        }
        let found = hasher.digest(like: file.digest)
        if let expected = file.digest, found != expected {
            part.discard()
            throw .digestMismatch(file: file.path, expected: expected, found: found)
        }
        try part.commit()
        return hasher.sha256Text
    }

    /// One request: appends what it brings to the part, and to the hasher.
    private func fetchRest(into part: PartFile, _ hasher: inout ContentHasher) async throws(HubError) {
        var headers: HTTPHeaders = [:]
        if part.byteCount > 0 {
            headers.add(name: "Range", value: "bytes=\(part.byteCount)-")
            // A weak tag promises the same meaning, not the same bytes.
            if let tag = part.tag, !tag.hasPrefix("W/") { headers.add(name: "If-Range", value: tag) }
        }
        let response = try await transport.get(url, headers: headers)
        if let error = HubError(
            response, reference, revision: revision, file: file.path, hasToken: settings.token != nil)
        {
            throw error
        }
        let total = try accept(response, part, &hasher)
        var pace = SpeedGuard(settings.limits, host: response.host)
        do {
            for try await buffer in response.body {
                if part.byteCount + buffer.readableBytes > total ?? Int.max {
                    throw HubError.sizeMismatch(
                        file: file.path, expected: total ?? 0, found: part.byteCount + buffer.readableBytes)
                }
                try buffer.withUnsafeReadableBytes { bytes in
                    try part.append(bytes)
                    hasher.update(bytes)
                }
                onEvent(.receiving(file: file.path, byteCount: part.byteCount, total: total))
                try pace.add(buffer.readableBytes)
            }
        } catch {
            throw HubError(error, host: response.host)
        }
        // A loop over a sequence ends without an error when its task is cancelled.
        if Task.isCancelled { throw .cancelled }
        if let total, part.byteCount < total {
            throw .connectionFailed(host: response.host, reason: "it ended after \(part.byteCount) of \(total) bytes")
        }
    }

    /// Decides whether the answer goes on with the part or begins anew.
    /// - Returns: The size of the whole file, if anybody says it.
    private func accept(
        _ response: Transport.Response, _ part: PartFile, _ hasher: inout ContentHasher
    ) throws(HubError) -> Int? {
        let tag = response.headers.first(name: "ETag")
        let wanted = "\(part.byteCount)-"
        switch response.status {
        case 206:
            let text = response.headers.first(name: "Content-Range") ?? "none"
            let range = ContentRange(text)
            let isSameFile = part.tag == nil || tag == nil || tag == part.tag
            if let range, range.start == part.byteCount, part.byteCount > 0, isSameFile {
                return try checked(range.total)
            }
            try restart(part, &hasher, tag: nil)
            throw .wrongRange(file: file.path, expected: wanted, found: text)
        case 416:
            try restart(part, &hasher, tag: nil)
            throw .wrongRange(file: file.path, expected: wanted, found: "none")
        case 200:
            let total = try checked(
                (response.headers.first(name: "Content-Length") ?? response.headers.first(name: "X-Linked-Size"))
                    .flatMap { Int($0) })
            try restart(part, &hasher, tag: tag)
            return total
        default:
            throw .unexpectedStatus(host: response.host, status: response.status)
        }
    }

    private func restart(_ part: PartFile, _ hasher: inout ContentHasher, tag: String?) throws(HubError) {
        if part.byteCount > 0 { onEvent(.restarting(file: file.path)) }
        try part.begin(tag: tag)
        hasher = newHasher()
    }

    /// The size that the server gives, unless the listing says another.
    private func checked(_ size: Int?) throws(HubError) -> Int? {
        if let expected = file.byteCount, let size, size != expected {
            throw .sizeMismatch(file: file.path, expected: expected, found: size)
        }
        return file.byteCount ?? size
    }

    private var url: URL {
        settings.endpoint.appending(
            encodedPath: "/\(reference.repository)/resolve/\(SafePath.encoded(revision, keepsSlashes: false))/"
                + SafePath.encoded(file.path, keepsSlashes: true))
    }
}

/// `bytes 100-199/200`: which bytes of how many an answer holds.
package struct ContentRange: Equatable {
    package let start: Int
    /// `nil` if the server does not know.
    package let total: Int?

    package init?(_ text: String) {
        let parts = text.split(whereSeparator: { " -/".contains($0) })
        guard parts.count == 4, parts[0].lowercased() == "bytes", let start = Int(parts[1]), let end = Int(parts[2]),
            start >= 0, end >= start, parts[3] == "*" || Int(parts[3]).map({ $0 > end }) == true
        else { return nil }
        self.start = start
        total = Int(parts[3])
    }
}

extension URL {
    /// This address with more path, which is encoded already, and perhaps a query.
    func appending(encodedPath: String, query: String? = nil) -> URL {
        // The address was checked and the rest is plain ASCII, so this cannot fail.
        URL(string: absoluteString + encodedPath + (query.map { "?" + $0 } ?? "")) ?? self
    }
}
