/// How a token is written on a page, where it must be seen whatever it holds.
public enum TokenLabel {
    /// The text of `bytes` with spaces as ␣ and line ends as ⏎; what is no text, or would not be seen, in hexadecimal.
    public static func text(_ bytes: [UInt8]) -> String {
        if bytes.isEmpty { return "∅" }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return bytes.map { $0 < 0x80 && $0 > 0x20 ? String(UnicodeScalar($0)) : "\\x" + hexadecimal(Int($0), 2) }
                .joined()
        }
        return text.unicodeScalars.map(visible).joined()
    }

    /// At most `count` characters, the last of them … if there were more.
    static func short(_ text: String, _ count: Int) -> String {
        text.count <= count ? text : text.prefix(count - 1) + "…"
    }

    private static func visible(_ scalar: UnicodeScalar) -> String {
        switch scalar {
        case " ": return "␣"
        case "\n": return "⏎"
        case "\t": return "⇥"
        default: break
        }
        switch scalar.properties.generalCategory {
        // Marks of direction would turn the rest of the page around.
        case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator:
            return "\\u" + hexadecimal(Int(scalar.value), 4)
        default: return String(scalar)
        }
    }

    private static func hexadecimal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
