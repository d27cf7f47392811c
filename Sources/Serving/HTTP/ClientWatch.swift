internal import Generation
internal import Hummingbird
internal import HummingbirdCore

extension RequestBody {
    /// Does something that takes long for a client, and sets `flag` if the client goes away in the meantime.
    func watchingClient<Value: Sendable>(
        _ flag: CancellationFlag, _ work: () async throws -> Value
    ) async throws -> Value {
        try await consumeWithInboundCloseHandler { _ in
            try await work()
        } onInboundClosed: {
            flag.set()
        }
    }
}
