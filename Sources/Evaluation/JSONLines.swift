#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Reads a file of one JSON object per line; empty lines are passed over.
enum JSONLines {
    /// Far above any question, and little enough to be parsed at once.
    static let maximumLineLength = 16 << 20

    /// The first objects of the file.
    /// - Parameters:
    ///   - limit: How many to read; all if `nil`.
    ///   - item: Makes something of a line's object; throws what is wrong with it as a text.
    /// - Throws: `EvaluationError.invalidLine` or `lineTooLong`.
    static func read<Row: Decodable, Item>(
        _ bytes: UnsafeRawBufferPointer, limit: Int?, as row: Row.Type, _ item: (Row) throws(Flaw) -> Item
    ) throws(EvaluationError) -> [Item] {
        let decoder = JSONDecoder()
        var items: [Item] = []
        var (start, number) = (0, 0)
        while start < bytes.count, items.count < limit ?? .max {
            number += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = bytes[start..<end]
            start = end + 1
            if line.count > maximumLineLength {
                throw .lineTooLong(number: number, byteCount: line.count, limit: maximumLineLength)
            }
            if line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) }) { continue }
            let row: Row
            do {
                row = try decoder.decode(Row.self, from: Data(line))
            } catch let error as DecodingError {
                throw .invalidLine(number: number, reason: reason(error))
            } catch {
                throw .invalidLine(number: number, reason: "it is not JSON")
            }
            do {
                items.append(try item(row))
            } catch {
                throw .invalidLine(number: number, reason: error.reason)
            }
        }
        return items
    }

    /// What is wrong with an object.
    struct Flaw: Error {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }

    private static func reason(_ error: DecodingError) -> String {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case .keyNotFound(let key, _): "it has no “\(key.stringValue)”"
        case .valueNotFound(_, let context): "“\(path(context))” is null"
        case .typeMismatch(let type, let context):
            context.codingPath.isEmpty ? "it is no JSON object" : "“\(path(context))” is not \(name(type))"
        default: "it is not JSON"
        }
    }

    private static func name(_ type: Any.Type) -> String {
        type == String.self ? "a text" : type == Int.self ? "a whole number" : "of the right kind"
    }
}
