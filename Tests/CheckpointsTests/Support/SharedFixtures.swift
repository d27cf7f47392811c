import Foundation
import TestSupport

/// The reference data that all modules' tests share.
enum SharedFixtures {
    static let folder = sharedFolder + "/fixtures"

    /// The paths, relative to `folder`, of all files with the extension `suffix`; none if the folder is missing.
    static func files(_ suffix: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(suffix) }.sorted()
    }
}
