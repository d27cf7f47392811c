#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The folder with fixtures and texts: the environment variable RWKV_SHARED, or `../shared` beside the repository.
public let sharedFolder: String = {
    if let path = ProcessInfo.processInfo.environment["RWKV_SHARED"] { return path }
    return packageFolder + "/../shared"
}()

/// The root of this package.
public let packageFolder: String = {
    var parts = #filePath.split(separator: "/")
    parts.removeLast(3)
    return "/" + parts.joined(separator: "/")
}()

/// Whether tests may count on that folder: it is there, or it must be because it was named or this is CI.
///
/// Elsewhere the tests that need it are reported as skipped, and `Scripts/test` says so.
public let sharedDataIsExpected: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return environment["CI"] == "true" || environment["RWKV_SHARED"] != nil
        || FileManager.default.fileExists(atPath: sharedFolder + "/fixtures")
}()

/// The folder of a golden case: from the shared folder, or the copy in the repository.
public func goldenCase(_ name: String) -> String {
    let shared = "\(sharedFolder)/fixtures/\(name)"
    return FileManager.default.fileExists(atPath: shared) ? shared : "\(packageFolder)/Tests/Fixtures/\(name)"
}
