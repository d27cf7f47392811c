internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

/// A web server on this machine that answers as a test wants, and remembers what it was asked.
public final class TestServer: Sendable {
    public struct Request: Sendable {
        public let method: String
        /// The path with the query.
        public let uri: String
        public let headers: [String: String]

        /// The value of a header, whatever the case of its name.
        public subscript(name: String) -> String? { headers[name.lowercased()] }
    }

    public struct Reply: Sendable {
        public var status: Int
        public var headers: [String: String]
        public var body: [UInt8]
        /// Send so many bytes of the body, then close the connection.
        public var cut: Int?
        /// Send a byte at a time, so many milliseconds apart.
        public var pause: Int?
        /// Send nothing at all.
        public var isSilent = false

        public init(
            _ status: Int = 200, _ headers: [String: String] = [:], body: [UInt8] = [], cut: Int? = nil,
            pause: Int? = nil
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.cut = cut
            self.pause = pause
        }

        /// Never answers.
        public static var silence: Reply {
            var reply = Reply()
            reply.isSilent = true
            return reply
        }
    }

    private let channel: any Channel
    private let log: RequestLog

    /// Starts a server on a free port of 127.0.0.1.
    public init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
        let log = RequestLog()
        self.log = log
        channel = try ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Answering(log, answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
    }

    deinit { channel.close(promise: nil) }

    /// `http://127.0.0.1:PORT`.
    public var address: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// What was asked so far.
    public var requests: [Request] { log.requests.withLock { $0 } }
}

private final class RequestLog: Sendable {
    let requests = Mutex<[TestServer.Request]>([])
}

private final class Answering: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let log: RequestLog
    private let answer: @Sendable (TestServer.Request) -> TestServer.Reply
    private var head: HTTPRequestHead?

    init(_ log: RequestLog, _ answer: @escaping @Sendable (TestServer.Request) -> TestServer.Reply) {
        self.log = log
        self.answer = answer
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head else { return }
            let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { first, _ in first }
            let request = TestServer.Request(method: head.method.rawValue, uri: head.uri, headers: headers)
            log.requests.withLock { $0.append(request) }
            send(answer(request), context)
        }
    }

    private func send(_ reply: TestServer.Reply, _ context: ChannelHandlerContext) {
        if reply.isSilent { return }
        var headers = HTTPHeaders(reply.headers.map { ($0.key, $0.value) })
        if !headers.contains(name: "Content-Length"), !headers.contains(name: "Transfer-Encoding") {
            headers.add(name: "Content-Length", value: "\(reply.body.count)")
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: reply.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if let pause = reply.pause {
            context.flush()
            trickle(reply.body[...], pause, context)
            return
        }
        let body = reply.body.prefix(reply.cut ?? reply.body.count)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
        if reply.cut != nil {
            context.flush()
            // Not at once: a client throws away what it had no time to take.
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { context.close(promise: nil) }
        } else {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }

    private func trickle(_ bytes: ArraySlice<UInt8>, _ pause: Int, _ context: ChannelHandlerContext) {
        guard context.channel.isActive, let byte = bytes.first else { return }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: [byte])))), promise: nil)
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(pause))) {
            self.trickle(bytes.dropFirst(), pause, context)
        }
    }
}
