internal import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The lines of a file as JSON values; blank lines are passed over.
struct JSONLineReader {
    /// The longest line that is read: what does not fit is no document, but a file without line ends.
    static let lineLimit = 1 << 28

    let path: String
    let storage: Storage

    /// Calls `body` with each line's value, its number from 1, and where it ends.
    func forEach<Value: Decodable>(
        _ type: Value.Type, _ body: (_ value: Value, _ line: Int, _ position: Int) throws -> Void
    ) throws {
        let decoder = JSONDecoder()
        try withExtendedLifetime(storage) {
            let bytes = storage.bytes
            var (start, line) = (0, 0)
            // The mark of byte order with which some editors begin a file.
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { start = 3 }
            while start < bytes.count {
                line += 1
                let rest = bytes[start...]
                let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                defer { start = end + 1 }
                let content = rest[..<end]
                if content.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
                if content.count > Self.lineLimit {
                    throw TrainingDataError.lineTooLong(path: path, line: line, limit: Self.lineLimit)
                }
                guard String(validating: content, as: UTF8.self) != nil else {
                    throw TrainingDataError.lineNotUTF8(path: path, line: line)
                }
                let value: Value
                do {
                    value = try decoder.decode(Value.self, from: Data(content))
                } catch {
                    throw TrainingDataError.lineNotJSON(path: path, line: line, reason: Self.reason(error))
                }
                try body(value, line, min(end + 1, bytes.count))
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .typeMismatch(_, let context)?, .valueNotFound(_, let context)?:
            let place = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return place.isEmpty
                ? "the line is no JSON object" : "“\(place.joined(separator: "."))” is not what it should be: text"
        default: return "the line is not JSON"
        }
    }
}
