internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// What belongs to a request beside its bytes: who asks, and over which connection.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The key that was shown; `nil` if the server needs none.
    var key: APIKeys.Entry?
    let connection: ClientConnection

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = ClientConnection(source.channel)
    }
}
