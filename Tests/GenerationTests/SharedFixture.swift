#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a JSON file of the shared fixtures; throws, and so fails the test, where the folder is missing.
func sharedFixture<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let shared =
        ProcessInfo.processInfo.environment["RWKV_SHARED"].map { URL(filePath: $0, relativeTo: root) }
        ?? root.appending(path: "../shared")
    return try JSONDecoder().decode(type, from: Data(contentsOf: shared.appending(path: path)))
}
