/// What can go wrong between a hub and the file on disk: a case per thing.
public enum HubError: Error, Equatable, Sendable {
    // What was asked for
    case invalidReference(String)
    case invalidEndpoint(String)
    case invalidProxy(String)
    case invalidToken
    case repositoryNotFound(repository: String, hasToken: Bool)
    case revisionNotFound(repository: String, revision: String)
    case fileNotFound(repository: String, file: String)
    case unauthorized(repository: String, hasToken: Bool)
    case forbidden(repository: String, hasToken: Bool)

    // What the server did
    case tooManyRequests(host: String, retryAfter: Double?)
    case serverFailure(host: String, status: Int, retryAfter: Double?)
    case unexpectedStatus(host: String, status: Int)
    case tooManyRedirects(host: String, limit: Int)
    case invalidRedirect(host: String, location: String)
    case insecureRedirect(host: String, location: String)
    case unsafeName(String)
    case listingTooLarge(limit: Int)
    case listingMalformed(reason: String)
    case wrongRange(file: String, expected: String, found: String)
    case sizeMismatch(file: String, expected: Int, found: Int)
    case digestMismatch(file: String, expected: ContentDigest, found: ContentDigest)

    // The connection
    case connectionFailed(host: String, reason: String)
    case timedOut(host: String)
    case tooSlow(host: String, byteCount: Int, seconds: Double)
    case cancelled

    // The disk
    case diskFull(path: String)
    case cannotWrite(path: String, reason: String)
    case partInUse(path: String)
    case fileExists(path: String)

    /// Whether the same request may succeed a little later.
    public var isTransient: Bool {
        switch self {
        case .tooManyRequests, .serverFailure, .connectionFailed, .timedOut, .tooSlow, .wrongRange: true
        default: false
        }
    }

    /// The seconds that the server asks to wait, if it does.
    var retryAfter: Double? {
        switch self {
        case .tooManyRequests(_, let seconds), .serverFailure(_, _, let seconds): seconds
        default: nil
        }
    }
}
