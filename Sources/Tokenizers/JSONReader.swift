/// Reads JSON one value at a time, so that nothing is kept but what the caller asks for.
///
///     try json.beginObject()
///     while let key = try json.nextKey() { … read or skip one value … }
///
/// Objects and arrays may lie within each other to a depth of 64.
struct JSONReader {
    private static let maximumDepth = 64

    private let bytes: [UInt8]
    private(set) var offset = 0
    private var depth = 0
    /// Whether the innermost object or array has had no member yet, so that no comma is due.
    private var isFirst = false

    /// - Throws: ``TokenizerError/invalidJSON(offset:reason:)`` if the bytes are not UTF-8.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        if let offset = firstIllFormedByte(in: bytes) { throw .invalidJSON(offset: offset, reason: "no UTF-8") }
        self.bytes = bytes
    }

    /// What kind of value comes next.
    enum Kind { case object, array, string, number, literal }

    mutating func peek() throws(TokenizerError) -> Kind {
        skipSpace()
        guard offset < bytes.count else { throw failure("the end of the file") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"), UInt8(ascii: "n"): return .literal
        default: throw failure("no value")
        }
    }

    mutating func beginObject() throws(TokenizerError) { try begin(UInt8(ascii: "{")) }

    mutating func beginArray() throws(TokenizerError) { try begin(UInt8(ascii: "[")) }

    /// The next key of the innermost object, whose value then follows; `nil` at its end.
    mutating func nextKey() throws(TokenizerError) -> [UInt8]? {
        guard try next(until: UInt8(ascii: "}")) else { return nil }
        let key = try string()
        try expect(UInt8(ascii: ":"), else: "no colon")
        return key
    }

    /// Whether the innermost array has another value, which then follows.
    mutating func nextElement() throws(TokenizerError) -> Bool { try next(until: UInt8(ascii: "]")) }

    /// Checks that nothing follows the outermost value.
    mutating func end() throws(TokenizerError) {
        skipSpace()
        if offset < bytes.count { throw failure("more after the end of the value") }
    }

    mutating func skipValue() throws(TokenizerError) {
        switch try peek() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: _ = try string()
        case .number: _ = try number()
        case .literal: _ = try literal()
        }
    }

    /// `true`, `false` or, as `nil`, `null`.
    mutating func literal() throws(TokenizerError) -> Bool? {
        skipSpace()
        for (text, value) in [("true", true), ("false", false), ("null", nil)] as [(StaticString, Bool?)] {
            let matches = text.withUTF8Buffer { bytes[offset...].starts(with: $0) }
            guard matches else { continue }
            offset += text.utf8CodeUnitCount
            return value
        }
        throw failure("no value")
    }

    /// A number; `nil` for its integer value where it has none that fits.
    mutating func number() throws(TokenizerError) -> (text: String, integer: Int?) {
        skipSpace()
        let start = offset
        take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        if take(UInt8(ascii: ".")) { try takeDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        let text = String(decoding: bytes[start..<offset], as: UTF8.self)
        return (text, Int(text))
    }

    /// A string's UTF-8, with its escapes resolved.
    mutating func string() throws(TokenizerError) -> [UInt8] {
        try expect(UInt8(ascii: "\""), else: "no string")
        var result: [UInt8] = []
        var start = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                result += bytes[start..<offset]
                offset += 1
                return result
            case UInt8(ascii: "\\"):
                result += bytes[start..<offset]
                offset += 1
                try readEscape(into: &result)
                start = offset
            case 0x00..<0x20: throw failure("a control character in a string")
            default: offset += 1
            }
        }
        throw failure("a string without an end")
    }

    private mutating func readEscape(into result: inout [UInt8]) throws(TokenizerError) {
        guard offset < bytes.count else { throw failure("a string without an end") }
        let letter = bytes[offset]
        offset += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"):
            var value = try codeUnit()
            if value & 0xFC00 == 0xD800, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
                let low = try codeUnit()
                guard low & 0xFC00 == 0xDC00 else { throw failure("half a surrogate pair") }
                value = 0x10000 + (value & 0x3FF) << 10 + low & 0x3FF
            }
            guard let scalar = Unicode.Scalar(value) else { throw failure("half a surrogate pair") }
            appendScalar(scalar, to: &result)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(TokenizerError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count, let digit = hexadecimalDigit(bytes[offset]) else {
                throw failure("an escape without four digits")
            }
            value = value << 4 | digit
            offset += 1
        }
        return value
    }

    private mutating func begin(_ bracket: UInt8) throws(TokenizerError) {
        try expect(bracket, else: bracket == UInt8(ascii: "{") ? "no object" : "no array")
        depth += 1
        if depth > Self.maximumDepth { throw failure("more than \(Self.maximumDepth) levels") }
        isFirst = true
    }

    private mutating func next(until bracket: UInt8) throws(TokenizerError) -> Bool {
        skipSpace()
        if take(bracket) {
            depth -= 1
            isFirst = false
            return false
        }
        if !isFirst { try expect(UInt8(ascii: ","), else: "no comma") }
        isFirst = false
        return true
    }

    private mutating func expect(_ byte: UInt8, else reason: String) throws(TokenizerError) {
        skipSpace()
        guard take(byte) else { throw failure(reason) }
    }

    @discardableResult
    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func takeDigits() throws(TokenizerError) {
        let start = offset
        while offset < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset]) { offset += 1 }
        if offset == start { throw failure("a number without digits") }
    }

    private mutating func skipSpace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    private func failure(_ reason: String) -> TokenizerError { .invalidJSON(offset: offset, reason: reason) }
}
