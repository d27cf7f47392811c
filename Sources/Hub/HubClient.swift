internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Lists and downloads the files of model repositories on the Hugging Face hub, or a mirror of it.
///
///     GET {endpoint}/api/models/OWNER/NAME/revision/REVISION?blobs=true      the commit, and its files with digests
///     GET {endpoint}/OWNER/NAME/resolve/COMMIT/FILE                          the file, usually by a redirect
///
/// (https://huggingface.co/docs/hub/api). Call `shutdown` at the end.
public final class HubClient: Sendable {
    private let settings: HubSettings
    private let transport: Transport

    public init(_ settings: HubSettings) {
        self.settings = settings
        transport = Transport(settings)
    }

    /// Closes all connections; to be called once, when nothing is under way.
    public func shutdown() async { await transport.shutdown() }

    /// The files of a repository at a branch, tag or commit.
    /// - Throws: `HubError`; transient failures only after several attempts.
    public func listing(
        of reference: HubReference, revision: String = "main",
        onEvent: @escaping @Sendable (HubEvent) -> Void = { _ in }
    ) async throws(HubError) -> HubListing {
        let url = settings.endpoint.appending(
            encodedPath: "/api/models/\(reference.repository)/revision/"
                + SafePath.encoded(revision, keepsSlashes: false), query: "blobs=true")
        var policy = RetryPolicy(settings.limits, onEvent: onEvent)
        while true {
            do throws(HubError) {
                let response = try await transport.get(url, headers: ["Accept": "application/json"])
                if let error = HubError(
                    response, reference, revision: revision, file: nil, hasToken: settings.token != nil)
                {
                    throw error
                }
                guard response.status == 200 else {
                    throw .unexpectedStatus(host: response.host, status: response.status)
                }
                return try HubListing(reference, json: try await body(of: response))
            } catch {
                try await policy.wait(after: error)
            }
        }
    }

    /// Downloads a listed file to `path`, going on with what an earlier attempt left there.
    ///
    /// The file appears at `path` whole and checked, or not at all; until then it is `path.part`.
    /// - Returns: The file's SHA-256 in hexadecimal.
    /// - Throws: `HubError`; transient failures only after several attempts without a byte.
    public func download(
        _ file: HubFile, of listing: HubListing, to path: String,
        onEvent: @escaping @Sendable (HubEvent) -> Void = { _ in }
    ) async throws(HubError) -> String {
        try await Download(
            transport: transport, settings: settings, reference: listing.reference, revision: listing.commit,
            file: file, path: path, onEvent: onEvent
        ).run()
    }

    private func body(of response: Transport.Response) async throws(HubError) -> [UInt8] {
        var bytes: [UInt8] = []
        var pace = SpeedGuard(settings.limits, host: response.host)
        do {
            for try await buffer in response.body {
                guard bytes.count + buffer.readableBytes <= settings.limits.listingByteCount else {
                    throw HubError.listingTooLarge(limit: settings.limits.listingByteCount)
                }
                bytes.append(contentsOf: buffer.readableBytesView)
                try pace.add(buffer.readableBytes)
            }
        } catch {
            throw HubError(error, host: response.host)
        }
        if Task.isCancelled { throw .cancelled }
        return bytes
    }
}
