/// Reads the lines of a World vocabulary.
enum WorldVocabularyReader {
    /// One token, and the line that it stands on, counted from 1.
    struct Entry {
        let line: Int
        let token: TokenID
        let bytes: [UInt8]
    }

    /// The tokens in the order of the file; ids are distinct, tokens are not yet known to be.
    static func read(_ file: [UInt8]) throws(TokenizerError) -> [Entry] {
        try TokenizerLimits.check(byteCount: file.count)
        let limit = TokenizerLimits.identifierLimit(byteCount: file.count)
        var entries: [Entry] = []
        entries.reserveCapacity(file.count / 16)
        var isTaken: [Bool] = []
        var start = 0
        var line = 0
        while start < file.count {
            let newline = file[start...].firstIndex(of: UInt8(ascii: "\n")) ?? file.count
            let hasReturn = newline > start && file[newline - 1] == UInt8(ascii: "\r")
            line += 1
            do throws(VocabularyLineDefect) {
                let (token, bytes) = try parse(file[start..<(hasReturn ? newline - 1 : newline)], limit: limit)
                if Int(token) >= isTaken.count {
                    isTaken += repeatElement(false, count: Int(token) + 1 - isTaken.count)
                }
                if isTaken[Int(token)] { throw .duplicateTokenID(token) }
                isTaken[Int(token)] = true
                entries.append(Entry(line: line, token: token, bytes: bytes))
            } catch {
                throw .invalidLine(line: line, defect: error)
            }
            start = newline + 1
        }
        return entries
    }

    private static func parse(
        _ line: ArraySlice<UInt8>, limit: Int
    ) throws(VocabularyLineDefect) -> (token: TokenID, bytes: [UInt8]) {
        let space = UInt8(ascii: " ")
        // The literal may hold spaces: the first space of the line ends the id, the last begins the length.
        guard let first = line.firstIndex(of: space), let last = line.lastIndex(of: space), first < last else {
            throw .missingField
        }
        let idField = line[..<first]
        let lengthField = line[(last + 1)...]
        guard let id = decimal(idField) else { throw .invalidTokenID(String(decoding: idField, as: UTF8.self)) }
        guard id >= 1, id < limit else { throw .tokenIDOutOfRange(id: id, limit: limit) }
        guard let length = decimal(lengthField) else {
            throw .invalidLength(String(decoding: lengthField, as: UTF8.self))
        }
        let bytes = try PythonLiteral.bytes(of: line[(first + 1)..<last])
        if bytes.isEmpty { throw .emptyToken }
        if bytes.count != length { throw .lengthMismatch(declared: length, found: bytes.count) }
        return (TokenID(id), bytes)
    }

    /// The value of one to nine decimal digits, which cannot overflow.
    private static func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
        guard (1...9).contains(digits.count) else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
