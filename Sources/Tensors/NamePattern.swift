/// Says which weights are meant by parts of their names.
///
/// A pattern is one or more parts joined by dots, and means every name that has these parts in a row: `ffn` the channel
/// mixes, `blocks.0` the first block, `att.key` the key matrices of all layers. In a part, `*` stands for anything, and
/// `2-5` for the numbers from 2 to 5: `blocks.2-5`, `ln*`.
public struct NamePattern: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    private let parts: [Part]

    public init(_ text: String) {
        description = text
        parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Part(String($0)) }
    }

    /// Whether the name has the parts in a row.
    public func matches(_ name: String) -> Bool {
        let names = name.split(separator: ".", omittingEmptySubsequences: false)
        guard names.count >= parts.count else { return false }
        return (0...names.count - parts.count).contains { start in
            zip(parts, names[start...]).allSatisfy { part, name in part.matches(name) }
        }
    }

    private enum Part: Hashable {
        case text([Substring])
        case numbers(ClosedRange<Int>)

        init(_ text: String) {
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            if ends.count == 2, let first = ends[0], let last = ends[1], first <= last {
                self = .numbers(first...last)
            } else {
                self = .text(text.split(separator: "*", omittingEmptySubsequences: false))
            }
        }

        func matches(_ name: Substring) -> Bool {
            switch self {
            case .numbers(let range): return Int(name).map(range.contains) ?? false
            case .text(let pieces):
                // Pieces between stars: the first is at the beginning, the last at the end, the others in between in order.
                guard pieces.count > 1, let first = pieces.first, let last = pieces.last else {
                    return pieces.first == name
                }
                guard name.count >= first.count + last.count, name.hasPrefix(first), name.hasSuffix(last) else {
                    return false
                }
                var rest = name.dropFirst(first.count).dropLast(last.count)
                for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
                    guard let found = rest.firstRange(of: piece) else { return false }
                    rest = rest[found.upperBound...]
                }
                return true
            }
        }
    }
}

extension NamePattern: Codable {
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
