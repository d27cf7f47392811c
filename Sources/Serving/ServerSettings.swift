public import Generation
internal import Logging

/// How a server runs.
public struct ServerSettings: Sendable {
    /// Where it listens; by default only this machine reaches it.
    public var host = "127.0.0.1"
    /// 0 takes a port that is free.
    public var port = 8080
    /// PEM files of a certificate chain and its key; without them connections are not encrypted.
    public var certificate: (chain: String, key: String)?
    /// Who may ask; everybody if `nil`.
    public var keys: APIKeys?
    /// Origins of web pages that may ask; none by default.
    public var allowedOrigins: [String] = []
    public var engine = EngineLimits()
    /// The most bytes of a request's body.
    public var bodyLimit = 4 << 20
    /// The most bytes of a request's headers.
    public var headerLimit = 16 << 10
    /// How long a request may take, in seconds.
    public var timeLimit = 600.0
    /// How long a connection may be silent, in seconds.
    public var idleLimit = 120.0
    /// The most connections at once.
    public var connectionLimit = 1024
    /// The most tokens of an answer, and how many there are if the request does not say.
    public var answerLimit = 32_768
    public var defaultAnswer = 1024
    /// How many models may be in memory at once.
    public var modelLimit = 4
    /// The bytes of memory in which states of prompts are kept.
    public var cacheBytes = 512 << 20
    /// The SQLite file of conversations and states; without it there are no conversations, and states are forgotten at
    /// the end.
    public var storePath: String?
    /// The bytes of that file in which states are kept.
    public var storedStateBytes = 4 << 30
    /// The most bytes of a conversation that is imported.
    public var importLimit = 256 << 20
    public var threadCount: Int?
    /// What is written to standard error.
    public var logs = LogDetail.failures

    public init() {}

    /// How much is logged; never headers, keys or texts.
    public enum LogDetail: Sendable {
        case nothing, failures, requests
    }

    var logger: Logger {
        var logger = Logger(label: "rwkv.server") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel =
            switch logs {
            case .nothing: .critical
            case .failures: .notice
            case .requests: .debug
            }
        return logger
    }

    /// Whether only this machine can connect.
    public var isLoopback: Bool { isLoopbackName(host) }
}
