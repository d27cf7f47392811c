internal import Generation
internal import NIOCore
internal import Synchronization

/// The connection over which a request came.
struct ClientConnection: Sendable {
    private let channel: any Channel

    init(_ channel: any Channel) { self.channel = channel }

    /// Does something that takes long for a client, and sets `flag` if the client goes away in the meantime.
    ///
    /// Nothing is read from the connection: what the client sends already is its next request, which will be answered after
    /// this one.
    func watching<Value: Sendable>(
        _ flag: CancellationFlag, _ work: () async throws -> Value
    ) async throws -> Value {
        let channel = self.channel
        let found = channel.eventLoop.submit { () throws -> Departure in
            try channel.pipeline.syncOperations.handler(type: DepartureHandler.self).departure
        }
        // A connection that is gone has no handlers left.
        guard let departure = try? await found.get() else {
            flag.set()
            return try await work()
        }
        departure.watch(flag)
        defer { departure.watch(nil) }
        return try await withTaskCancellationHandler {
            try await work()
        } onCancel: {
            flag.set()
        }
    }
}

/// Notices that the client of a connection has left: it will send no more, or the connection is gone.
final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    let departure = Departure()

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { departure.happen() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        departure.happen()
        context.fireChannelInactive()
    }
}

/// Whether a client has left, and who is to know it. Requests of a connection are answered one after the other, so that is
/// one at most.
final class Departure: Sendable {
    private struct Contents {
        var hasHappened = false
        var flag: CancellationFlag?
    }

    private let contents = Mutex(Contents())

    func happen() {
        let flag = contents.withLock { contents -> CancellationFlag? in
            contents.hasHappened = true
            return contents.flag
        }
        flag?.set()
    }

    /// Sets `flag` when the client leaves; at once if it has left.
    func watch(_ flag: CancellationFlag?) {
        let hasHappened = contents.withLock { contents -> Bool in
            contents.flag = flag
            return contents.hasHappened
        }
        if hasHappened { flag?.set() }
    }
}
