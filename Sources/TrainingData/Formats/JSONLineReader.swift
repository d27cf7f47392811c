public import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The lines of a file as JSON values; blank lines are passed over.
public struct JSONLineReader: Sendable {
    /// The longest line that is read unless something else is said: what does not fit is no document, but a file without
    /// line ends.
    public static let lineLimit = 1 << 28

    let path: String
    let storage: Storage
    private let lineLimit: Int

    /// - Parameter path: For messages.
    public init(_ storage: Storage, path: String, lineLimit: Int = Self.lineLimit) {
        self.storage = storage
        self.path = path
        self.lineLimit = lineLimit
    }

    /// What is wrong with a value.
    public struct Defect: Error {
        let reason: String

        public init(_ reason: String) { self.reason = reason }
    }

    /// What `item` makes of the first lines.
    /// - Parameters:
    ///   - limit: How many to read; all if `nil`.
    ///   - item: Makes something of a line's value, or throws a `Defect`.
    /// - Throws: `TrainingDataError` with the line's number.
    public func map<Value: Decodable, Item>(
        _ type: Value.Type, limit: Int? = nil, _ item: (Value) throws -> Item
    ) throws -> [Item] {
        var items: [Item] = []
        try forEach(type) { value, line, _ in
            do {
                items.append(try item(value))
            } catch let defect as Defect {
                throw TrainingDataError.lineInvalid(path: path, line: line, reason: defect.reason)
            }
            return items.count < limit ?? .max
        }
        return items
    }

    /// Calls `body` with each line's value, its number from 1, and where it ends, until it returns false.
    func forEach<Value: Decodable>(
        _ type: Value.Type, _ body: (_ value: Value, _ line: Int, _ position: Int) throws -> Bool
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
                if content.count > lineLimit {
                    throw TrainingDataError.lineTooLong(path: path, line: line, limit: lineLimit)
                }
                guard String(validating: content, as: UTF8.self) != nil else {
                    throw TrainingDataError.lineNotUTF8(path: path, line: line)
                }
                let value: Value
                do {
                    value = try decoder.decode(Value.self, from: Data(content))
                } catch {
                    throw TrainingDataError.lineInvalid(path: path, line: line, reason: Self.reason(error))
                }
                guard try body(value, line, min(end + 1, bytes.count)) else { return }
            }
        }
    }

    private static func reason(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error as? DecodingError {
        case .keyNotFound(let key, _)?: "the object has no “\(key.stringValue)”"
        case .valueNotFound(_, let context)?: "“\(place(context))” is null"
        case .typeMismatch(let type, let context)?:
            context.codingPath.isEmpty ? "the line is no JSON object" : "“\(place(context))” is not \(name(type))"
        default: "the line is not JSON"
        }
    }

    private static func name(_ type: Any.Type) -> String {
        type == String.self ? "text" : type == Int.self ? "a whole number" : "of the right kind"
    }
}
