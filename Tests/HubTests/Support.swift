import Foundation
import Hub
import HubTestServer
import Synchronization

/// A folder that is removed when the test is over.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.appendingPathComponent("rwkv-hub-\(UInt64.random(in: 0 ... .max))")
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    /// The names of all files below.
    var files: [String] {
        (FileManager.default.subpaths(atPath: path) ?? []).filter { name in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: file(name), isDirectory: &isFolder) && !isFolder.boolValue
        }.sorted()
    }

    func bytes(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: file(name)).map(Array.init) }
}

/// Collects events.
final class EventLog: Sendable {
    private let collected = Mutex<[HubEvent]>([])

    @Sendable func add(_ event: HubEvent) { collected.withLock { $0.append(event) } }

    var events: [HubEvent] { collected.withLock { $0 } }

    /// How often the download began anew.
    var restarts: Int { events.count { if case .restarting = $0 { true } else { false } } }

    /// The seconds of each pause.
    var pauses: [Double] { events.compactMap { if case .waiting(_, let seconds) = $0 { seconds } else { nil } } }
}

/// A client that is as impatient as tests are.
func client(_ endpoint: String, token: String? = nil, _ change: (inout HubLimits) -> Void = { _ in }) throws
    -> HubClient
{
    var settings = try HubSettings(endpoint: endpoint, token: token)
    settings.limits.firstPause = 0.001
    settings.limits.attempts = 3
    // Tests that compute may hold all processors for a while; only those about patience are impatient.
    settings.limits.answerSeconds = 600
    settings.limits.idleSeconds = 600
    settings.limits.slowSeconds = 600
    change(&settings.limits)
    return HubClient(settings)
}

let repository = "owner/name"

/// Lists the repository and downloads `file` to `path`.
func pull(
    _ file: String, to path: String, with client: HubClient, log: EventLog = EventLog()
) async throws -> String {
    do {
        let listing = try await client.listing(of: HubReference(repository), onEvent: log.add)
        let digest = try await client.download(listing.file(file), of: listing, to: path, onEvent: log.add)
        await client.shutdown()
        return digest
    } catch {
        await client.shutdown()
        throw error
    }
}
