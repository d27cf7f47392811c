import Foundation
import TestSupport

/// Reads a JSON file of the shared fixtures; throws, and so fails the test, where it is missing.
func sharedFixture<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: "\(sharedFolder)/\(path)")))
}
