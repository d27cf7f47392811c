/// Builds the text of an SVG drawing, element by element.
struct SVG {
    private(set) var text = ""
    private var openElements: [String] = []

    /// Writes one element with its text, if it has any; text and attributes are escaped.
    mutating func element(_ name: String, _ attributes: KeyValuePairs<String, Attribute>, text content: String? = nil) {
        start(name, attributes)
        text += content.map { ">\(Self.escaped($0))</\(name)>\n" } ?? "/>\n"
    }

    /// Opens an element around those that follow, up to ``close()``.
    mutating func open(_ name: String, _ attributes: KeyValuePairs<String, Attribute>) {
        start(name, attributes)
        text += ">\n"
        openElements.append(name)
    }

    /// Closes the element opened last.
    mutating func close() {
        if let name = openElements.popLast() { text += "</\(name)>\n" }
    }

    private mutating func start(_ name: String, _ attributes: KeyValuePairs<String, Attribute>) {
        text += "<\(name)"
        for (key, value) in attributes { text += " \(key)=\"\(Self.escaped(value.text))\"" }
    }

    /// `text` with the characters that XML reserves written as entities, and those that it forbids left out.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += " "
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": break
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// An attribute's value: text into which numbers go as ``NumberText/coordinate(_:)`` writes them.
    struct Attribute: ExpressibleByStringInterpolation {
        let text: String

        init(stringLiteral text: String) { self.text = text }
        init(stringInterpolation: Interpolation) { text = stringInterpolation.text }

        struct Interpolation: StringInterpolationProtocol {
            fileprivate var text = ""

            init(literalCapacity: Int, interpolationCount: Int) { text.reserveCapacity(literalCapacity) }
            mutating func appendLiteral(_ literal: String) { text += literal }
            mutating func appendInterpolation(_ string: String) { text += string }
            mutating func appendInterpolation(_ number: Double) { text += NumberText.coordinate(number) }
        }
    }
}
