import Foundation

/// The reference data that all modules' tests share.
enum SharedFixtures {
    /// The folder that the environment variable RWKV_SHARED names, or `../shared` beside the package.
    static let folder: String = {
        if let path = ProcessInfo.processInfo.environment["RWKV_SHARED"] { return path + "/fixtures" }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return root.deletingLastPathComponent().appendingPathComponent("shared/fixtures").path
    }()

    /// The paths, relative to `folder`, of all files with the extension `suffix`; none if the folder is missing.
    static func files(_ suffix: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(suffix) }.sorted()
    }
}
