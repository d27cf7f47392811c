internal import Generation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import HummingbirdTLS
internal import Logging
internal import NIOCore
internal import NIOSSL
internal import ServiceLifecycle
internal import UnixSignals

/// A server with OpenAI's interface over the models that it is given.
///
///     let server = try Server(ServerSettings(), models: [ServedModel(name: "tiny") { … }])
///     try await server.run()
public struct Server: Sendable {
    private let settings: ServerSettings
    private let core: ServerCore
    private let tls: TLSConfiguration?

    /// - Throws: `StateStoreError` if the file of conversations cannot be used; `ServerError` for settings that cannot work, such as certificates that cannot be read.
    public init(_ settings: ServerSettings, models: [ServedModel]) throws {
        guard !models.isEmpty else { throw ServerError.noModels }
        let names = models.map(\.name)
        if let name = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ServerError.twoModels(name: name)
        }
        self.settings = settings
        core = try ServerCore(settings, models)
        if let certificate = settings.certificate {
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map {
                    NIOSSLCertificateSource.certificate($0)
                }
                let key = try NIOSSLPrivateKey(file: certificate.key, format: .pem)
                tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            } catch {
                throw ServerError.certificate(chain: certificate.chain, key: certificate.key, reason: "\(error)")
            }
        } else {
            tls = nil
        }
    }

    /// Serves until its task is cancelled or the process is asked to end; then answers what has begun and returns.
    /// - Parameters:
    ///   - heedsSignals: Whether SIGTERM and SIGINT end it.
    ///   - running: Called with the port once connections are accepted.
    public func run(heedsSignals: Bool = true, running: @escaping @Sendable (_ port: Int) -> Void = { _ in })
        async throws
    {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: settings.headerLimit, maxHeaderListSize: settings.headerLimit, maxHeaderFieldCount: 100)
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [DepartureHandler()],
            idleTimeout: .milliseconds(Int64(settings.idleLimit * 1000)), httpDecoderConfiguration: decoder)
        let http = HTTPServerBuilder.http1(configuration: channel)
        let app = Application(
            router: router(), server: try tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: "rwkv",
                availableConnectionsDelegate: MaximumAvailableConnections(settings.connectionLimit)),
            onServerRunning: { running($0.localAddress?.port ?? 0) }, logger: settings.logger)
        defer {
            core.engine.close(finishing: false)
            core.flush()
        }
        do {
            try await app.runService(gracefulShutdownSignals: heedsSignals ? [.sigterm, .sigint] : [])
        } catch let error as IOError {
            // An error of a connection ends that alone; this one is of the address.
            throw ServerError(listening: error, host: settings.host, port: settings.port)
        } catch is SocketAddressError.UnknownHost {
            throw ServerError.unknownHost(settings.host)
        }
    }

    private func router() -> Router<ServerContext> {
        let core = self.core
        let router = Router(context: ServerContext.self)
        router.add(middleware: RequestObserver(logger: settings.logger, metrics: core.metrics))
        router.add(middleware: OriginCheck(allowed: settings.allowedOrigins, isLoopback: settings.isLoopback))
        router.get("/") { request, _ in WebPage.response(to: request) }
        router.get("/health") { _, _ in try Response.json(["status": "ok"]) }
        let guarded = router.group()
        if let keys = settings.keys { guarded.add(middleware: KeyCheck(keys: keys)) }
        guarded.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: core.metricsText())))
        }
        guarded.get("/v1/models") { _, _ in try ModelRoute(core: core).list() }
        guarded.get("/v1/models/:model") { _, context in
            try ModelRoute(core: core).one(context.parameters.get("model"))
        }
        guarded.post("/v1/completions", use: CompletionRoute(core: core).callAsFunction)
        guarded.post("/v1/chat/completions", use: ChatRoute(core: core).callAsFunction)
        guarded.post("/v1/embeddings", use: EmbeddingRoute(core: core).callAsFunction)
        OllamaRoutes(core: core).add(to: guarded)
        if let store = core.store { ConversationRoutes(core: core, store: store).add(to: guarded) }
        router.refuseOtherMethods()
        return router
    }
}
