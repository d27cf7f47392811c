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
