/// Makes text of bytes that arrive piece by piece, without ever showing half a character.
///
/// Concatenating everything that ``append(_:)`` and ``finish()`` return gives `String(decoding:as:)` of all the bytes,
/// however they were cut: bytes that are not UTF-8 become U+FFFD, and an incomplete character at the end of a piece is
/// held back until its bytes arrive. What is held back is at most three bytes.
///
///     var decoder = StreamingDecoder()
///     for token in tokens { print(decoder.append(token, of: tokenizer), terminator: "") }
///     print(decoder.finish())
///
/// A character here is a Unicode scalar; combining marks may follow in a later piece. Whoever wants the bytes
/// themselves takes them from ``Tokenizer/bytes(of:)``.
public struct StreamingDecoder: Sendable {
    /// The bytes held back: the beginning of a character whose end has not arrived.
    public private(set) var pendingBytes: [UInt8] = []

    /// A decoder that has seen nothing.
    public init() {}

    /// The text that these bytes complete.
    public mutating func append(_ bytes: [UInt8]) -> String {
        pendingBytes += bytes
        // A first byte never continues a sequence, so what precedes it is decoded the same with or without it.
        let complete = pendingBytes.count - incompleteTailLength(of: pendingBytes)
        let text = String(decoding: pendingBytes[..<complete], as: UTF8.self)
        pendingBytes.removeFirst(complete)
        return text
    }

    /// The text that this token completes.
    public mutating func append(_ token: TokenID, of tokenizer: some Tokenizer) -> String {
        append(tokenizer.bytes(of: token) ?? [])
    }

    /// What was held back, as U+FFFD; the decoder is then as new.
    public mutating func finish() -> String {
        defer { pendingBytes = [] }
        return String(decoding: pendingBytes, as: UTF8.self)
    }
}

/// How many bytes at the end are the beginning of one well-formed sequence and not all of it: 0 to 3.
private func incompleteTailLength(of bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
        let start = bytes.count - length
        let lead = bytes[start]
        if isContinuation(lead) { continue }
        let isIncomplete = length < sequenceLength(of: lead)
        let isPossible = length == 1 || isSecondByte(bytes[start + 1], after: lead)
        return isIncomplete && isPossible ? length : 0
    }
    return 0
}
