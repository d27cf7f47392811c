/// Reads strict JSON (RFC 8259) value by value, as the caller asks for it, without building a tree.
///
/// A header may be large and hostile: nothing is kept but what the caller keeps, nesting is bounded, and a number that is
/// no count is an error and not rounded. Whether a key occurs twice is for the caller to see.
package struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private let maximumDepth = 32

    /// - Parameter bytes: UTF-8 text, already checked to be that.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads an object; `member` is called with each key and reads the value.
    package mutating func object(
        _ member: (inout JSONReader, String) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect("{", "an object")
        if next() == UInt8(ascii: "}") { return position += 1 }
        while true {
            let key = try string()
            try expect(":", "a colon")
            try member(&self, key)
            if try isLast(closing: "}") { return }
        }
    }

    /// Reads an array; `element` is called for each element and reads it.
    package mutating func array(
        _ element: (inout JSONReader) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        try expect("[", "an array")
        if next() == UInt8(ascii: "]") { return position += 1 }
        while true {
            try element(&self)
            if try isLast(closing: "]") { return }
        }
    }

    /// Reads a whole number from 0 to `Int.max`, written without fraction or exponent.
    package mutating func count() throws(CheckpointError) -> Int {
        skipBlanks()
        let start = position
        var value = 0
        while position < bytes.count, isDigit(bytes[position]) {
            let (tenfold, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tenfold.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            if overflow || carry { throw .headerSyntax(offset: start, expected: "a number up to \(Int.max)") }
            value = sum
            position += 1
        }
        let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
        let goesOn =
            position < bytes.count
            && [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[position])
        guard position > start, !hasLeadingZero, !goesOn else {
            throw .headerSyntax(offset: start, expected: "a whole number from 0")
        }
        return value
    }

    /// Reads a string.
    package mutating func string() throws(CheckpointError) -> String {
        try expect("\"", "a string")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: try escaped())
            case 0..<0x20: throw .headerSyntax(offset: position - 1, expected: "a string without control characters")
            default: text.append(byte)
            }
        }
        throw .headerSyntax(offset: position, expected: "the end of a string")
    }

    /// Reads a value of any kind and forgets it.
    package mutating func skip() throws(CheckpointError) { try skip(depth: 0) }

    /// Checks that nothing but blanks is left.
    package mutating func finish() throws(CheckpointError) {
        skipBlanks()
        guard position == bytes.count else { throw .headerSyntax(offset: position, expected: "the end") }
    }

    private mutating func skip(depth: Int) throws(CheckpointError) {
        guard depth < maximumDepth else {
            throw .headerSyntax(offset: position, expected: "nesting of at most \(maximumDepth) levels")
        }
        switch next() {
        case UInt8(ascii: "{"):
            try object { (reader, _) throws(CheckpointError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "["):
            try array { (reader) throws(CheckpointError) in try reader.skip(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"): try skip(word: "true")
        case UInt8(ascii: "f"): try skip(word: "false")
        case UInt8(ascii: "n"): try skip(word: "null")
        default: try skipNumber()
        }
    }

    private mutating func skip(word: String) throws(CheckpointError) {
        guard bytes[position...].starts(with: word.utf8) else {
            throw .headerSyntax(offset: position, expected: "a value")
        }
        position += word.utf8.count
    }

    /// number = [ "-" ] digits [ "." digits ] [ ( "e" / "E" ) [ "+" / "-" ] digits ], without leading zeros.
    private mutating func skipNumber() throws(CheckpointError) {
        let start = position
        _ = take("-")
        let leadsWithZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        let whole = skipDigits()
        var isNumber = whole == 1 || whole > 1 && !leadsWithZero
        if take(".") { isNumber = isNumber && skipDigits() > 0 }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            isNumber = isNumber && skipDigits() > 0
        }
        guard isNumber else { throw .headerSyntax(offset: start, expected: "a value") }
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
        return position - start
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    /// What follows a backslash, as UTF-8.
    private mutating func escaped() throws(CheckpointError) -> [UInt8] {
        let start = position - 1
        guard position < bytes.count else { throw .headerSyntax(offset: position, expected: "the end of a string") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "\""): return [0x22]
        case UInt8(ascii: "\\"): return [0x5C]
        case UInt8(ascii: "/"): return [0x2F]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var units = [try codeUnit(from: start)]
            if UTF16.isLeadSurrogate(units[0]), bytes[position...].starts(with: "\\u".utf8) {
                position += 2
                units.append(try codeUnit(from: start))
            }
            guard let text = String(validating: units, as: UTF16.self) else {
                throw .headerSyntax(offset: start, expected: "a pair of surrogates")
            }
            return Array(text.utf8)
        default: throw .headerSyntax(offset: start, expected: "an escape that JSON knows")
        }
    }

    private mutating func codeUnit(from start: Int) throws(CheckpointError) -> UInt16 {
        let digits = bytes[position...].prefix(4)
        let isHexadecimal = digits.allSatisfy {
            isDigit($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0 | 0x20)
        }
        guard digits.count == 4, isHexadecimal, let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .headerSyntax(offset: start, expected: "four hexadecimal digits") }
        position += 4
        return unit
    }

    /// After an element: skips the comma, or the closing bracket and returns true.
    private mutating func isLast(closing bracket: Unicode.Scalar) throws(CheckpointError) -> Bool {
        let byte = next()
        guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: bracket) else {
            throw .headerSyntax(offset: position, expected: "a comma or “\(bracket)”")
        }
        position += 1
        return byte == UInt8(ascii: bracket)
    }

    private mutating func expect(_ character: Unicode.Scalar, _ expected: String) throws(CheckpointError) {
        guard next() == UInt8(ascii: character) else { throw .headerSyntax(offset: position, expected: expected) }
        position += 1
    }

    /// The first byte that is no blank; `nil` at the end.
    private mutating func next() -> UInt8? {
        skipBlanks()
        return position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipBlanks() {
        while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
    }
}

private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
