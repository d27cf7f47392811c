extension Grammar {
    /// A grammar in GBNF, the notation of llama.cpp (`grammars/README.md` there).
    ///
    ///     root  ::= "yes" | "no" | list
    ///     list  ::= "[" item ("," " "? item)* "]"   # a comment
    ///     item  ::= [a-z0-9_]{1,20} | "\x41" | [^\n]
    ///
    /// Names have letters, digits and `-`; a rule goes on over line ends within parentheses, or if the next line does not
    /// begin another rule.
    /// - Throws: `GrammarError`: `syntax`, `duplicateRule`, `missingRule`.
    public init(gbnf text: String) throws(GrammarError) {
        var parser = GBNFParser(text)
        rules = try parser.rules()
        root = "root"
        guard rules[root] != nil else { throw .missingRule(name: root) }
    }
}

/// Reads GBNF from the first scalar to the last.
private struct GBNFParser {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var line = 1
    private var depth = 0

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    mutating func rules() throws(GrammarError) -> [String: Grammar.Pattern] {
        var rules: [String: Grammar.Pattern] = [:]
        skipBlanks(andLines: true)
        while place < scalars.count {
            let name = try self.name()
            skipBlanks(andLines: false)
            guard take("::=") else { throw unexpected("“::=”") }
            let pattern = try choice()
            guard rules.updateValue(pattern, forKey: name) == nil else { throw .duplicateRule(name: name) }
            skipBlanks(andLines: true)
        }
        return rules
    }

    private mutating func choice() throws(GrammarError) -> Grammar.Pattern {
        var ways = [try sequence()]
        while take("|") { ways.append(try sequence()) }
        return ways.count == 1 ? ways[0] : .choice(ways)
    }

    private mutating func sequence() throws(GrammarError) -> Grammar.Pattern {
        var parts: [Grammar.Pattern] = []
        while true {
            skipBlanks(andLines: true)
            guard let next = peek, next != "|", next != ")", !beginsRule else { break }
            let part = try element()
            parts.append(try repeated(part))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func element() throws(GrammarError) -> Grammar.Pattern {
        if take("\"") {
            var text = ""
            while !take("\"") { text.unicodeScalars.append(try scalar(closing: "“\"”")) }
            return .text(text)
        }
        if take("[") { return .scalars(try scalarSet()) }
        if take("(") {
            depth += 1
            // Recursive descent needs a bound where the text is a stranger's.
            guard depth < 200 else { throw unexpected("less nesting") }
            let inner = try choice()
            guard take(")") else { throw unexpected("“)”") }
            depth -= 1
            return inner
        }
        if take(".") { return .scalars([0...0x10FFFF]) }
        return .rule(try name())
    }

    private mutating func repeated(_ part: Grammar.Pattern) throws(GrammarError) -> Grammar.Pattern {
        if take("*") { return .repeated(part, min: 0, max: nil) }
        if take("+") { return .repeated(part, min: 1, max: nil) }
        if take("?") { return .optional(part) }
        guard take("{") else { return part }
        let least = try number()
        var most: Int? = least
        if take(",") { most = peek == "}" ? nil : try number() }
        guard take("}") else { throw unexpected("“}”") }
        if let most, most < least { throw unexpected("a repetition of at least \(least)") }
        return .repeated(part, min: least, max: most)
    }

    private mutating func scalarSet() throws(GrammarError) -> [ClosedRange<UInt32>] {
        let isNegated = take("^")
        var ranges: [ClosedRange<UInt32>] = []
        while !take("]") {
            let first = try scalar(closing: "“]”").value
            var last = first
            if peek == "-", place + 1 < scalars.count, scalars[place + 1] != "]" {
                place += 1
                last = try scalar(closing: "“]”").value
            }
            guard first <= last else { throw unexpected("a range from the smaller to the greater") }
            ranges.append(first...last)
        }
        return isNegated ? complement(of: ranges) : ranges
    }

    private mutating func scalar(closing needed: String) throws(GrammarError) -> Unicode.Scalar {
        guard let first = peek else { throw unexpected(needed) }
        place += 1
        if first == "\n" { line += 1 }
        guard first == "\\" else { return first }
        guard let kind = peek else { throw unexpected("an escape") }
        place += 1
        switch kind {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        case "U": return try hexadecimal(8)
        case "\\", "\"", "[", "]", "^", "-", ".": return kind
        default: throw unexpected("an escape such as \\n, \\x41 or \\\"")
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(GrammarError) -> Unicode.Scalar {
        let digits = scalars[place..<min(place + count, scalars.count)]
        guard digits.count == count, let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw unexpected("\(count) hexadecimal digits of a character") }
        place += count
        return scalar
    }

    private mutating func number() throws(GrammarError) -> Int {
        var digits = ""
        while let next = peek, ("0"..."9").contains(next) {
            digits.unicodeScalars.append(next)
            place += 1
        }
        guard let value = Int(digits), value <= 10_000 else { throw unexpected("a number up to 10000") }
        return value
    }

    private mutating func name() throws(GrammarError) -> String {
        var name = ""
        while let next = peek, Self.isName(next) {
            name.unicodeScalars.append(next)
            place += 1
        }
        if name.isEmpty { throw unexpected("the name of a rule") }
        return name
    }

    /// Whether a name and “::=” follow: then the rule before is over.
    private var beginsRule: Bool {
        var end = place
        while end < scalars.count, Self.isName(scalars[end]) { end += 1 }
        guard end > place else { return false }
        while end < scalars.count, scalars[end] == " " || scalars[end] == "\t" { end += 1 }
        return scalars[end...].starts(with: "::=".unicodeScalars)
    }

    private static func isName(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
            || scalar == "_"
    }

    private var peek: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard scalars[place...].starts(with: text.unicodeScalars) else { return false }
        place += text.unicodeScalars.count
        return true
    }

    private mutating func skipBlanks(andLines: Bool) {
        while let next = peek {
            if next == "#" {
                while let other = peek, other != "\n" {
                    _ = other
                    place += 1
                }
            } else if next == " " || next == "\t" || (andLines && (next == "\n" || next == "\r")) {
                if next == "\n" { line += 1 }
                place += 1
            } else {
                return
            }
        }
    }

    private func unexpected(_ needed: String) -> GrammarError {
        .syntax(line: line, found: peek.map { "“\($0)”" } ?? "its end", needed: needed)
    }
}

/// All scalars that are in none of the ranges.
private func complement(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
    var (result, next): ([ClosedRange<UInt32>], UInt32) = ([], 0)
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
        if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
        next = max(next, range.upperBound + 1)
    }
    if next <= 0x10FFFF { result.append(next...0x10FFFF) }
    return result
}
