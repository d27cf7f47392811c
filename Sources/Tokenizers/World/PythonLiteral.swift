/// Reads string and bytes literals as Python's `repr` prints them.
enum PythonLiteral {
    /// The bytes of a literal: of a `b'…'` literal themselves, of a `'…'` literal in UTF-8.
    ///
    /// Known escapes are `\\ \' \" \n \r \t \xHH`, and in strings `\uHHHH` and `\UHHHHHHHH`.
    static func bytes(of literal: ArraySlice<UInt8>) throws(VocabularyLineDefect) -> [UInt8] {
        var reader = Reader(literal)
        return try reader.read()
    }

    private struct Reader {
        private let isBytes: Bool
        private let source: ArraySlice<UInt8>
        private var index: Int
        private var result: [UInt8] = []

        init(_ literal: ArraySlice<UInt8>) {
            isBytes = literal.first == UInt8(ascii: "b")
            source = isBytes ? literal.dropFirst() : literal
            index = source.startIndex
        }

        mutating func read() throws(VocabularyLineDefect) -> [UInt8] {
            guard let quote = source.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
                throw .invalidLiteral(reason: "it does not begin with a quotation mark")
            }
            guard source.count >= 2, source.last == quote else {
                throw .invalidLiteral(reason: "it does not end with the quotation mark that begins it")
            }
            let end = source.endIndex - 1
            index += 1
            while index < end {
                let byte = source[index]
                index += 1
                if byte == quote { throw .invalidLiteral(reason: "a quotation mark inside it is not escaped") }
                if byte == UInt8(ascii: "\\") {
                    try readEscape(end: end)
                } else if isBytes, byte >= 0x80 {
                    throw .invalidLiteral(reason: "a bytes literal holds a character beyond ASCII")
                } else {
                    result.append(byte)
                }
            }
            if !isBytes, firstIllFormedByte(in: result) != nil { throw .invalidLiteral(reason: "it is not UTF-8") }
            return result
        }

        private mutating func readEscape(end: Int) throws(VocabularyLineDefect) {
            guard index < end else { throw .invalidLiteral(reason: "its last quotation mark is escaped") }
            let letter = source[index]
            index += 1
            switch letter {
            case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): result.append(letter)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "x"):
                let value = try hexadecimal(digits: 2, end: end)
                if isBytes { result.append(UInt8(value)) } else { try append(value) }
            case UInt8(ascii: "u") where !isBytes: try append(hexadecimal(digits: 4, end: end))
            case UInt8(ascii: "U") where !isBytes: try append(hexadecimal(digits: 8, end: end))
            default: throw .invalidLiteral(reason: "the escape \\\(Unicode.Scalar(letter)) is unknown")
            }
        }

        private mutating func append(_ value: UInt32) throws(VocabularyLineDefect) {
            guard let scalar = Unicode.Scalar(value) else {
                throw .invalidLiteral(reason: "an escape is not a Unicode scalar value")
            }
            appendScalar(scalar, to: &result)
        }

        private mutating func hexadecimal(digits: Int, end: Int) throws(VocabularyLineDefect) -> UInt32 {
            guard index + digits <= end else { throw .invalidLiteral(reason: "an escape has too few digits") }
            var value: UInt32 = 0
            for _ in 0..<digits {
                guard let digit = hexadecimalDigit(source[index]) else {
                    throw .invalidLiteral(reason: "an escape has a digit that is not hexadecimal")
                }
                value = value << 4 | digit
                index += 1
            }
            return value
        }
    }
}

/// The value of a hexadecimal digit.
package func hexadecimalDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
}
