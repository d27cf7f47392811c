/// The number by which a vocabulary knows a token.
public typealias TokenID = Int32

/// Turns text into token ids and token ids into bytes.
///
/// Tokens stand for bytes, not for characters: one token may hold half a character. Collect the bytes, or use
/// ``StreamingDecoder``, before making text of them.
public protocol Tokenizer: Sendable {
    /// One more than the largest id: the number of logits that a model needs at least.
    var vocabularySize: Int { get }

    /// The id that ends a document, or `nil` where the vocabulary has none.
    var endOfText: TokenID? { get }

    /// The tokens of a text, given as UTF-8. Bytes that are not UTF-8 are allowed.
    func encode(bytes: [UInt8]) -> [TokenID]

    /// The bytes that a token stands for, or `nil` for an id without a token.
    func bytes(of token: TokenID) -> [UInt8]?

    /// The bytes of all tokens, one after the other. An id without a token adds nothing.
    func decode(_ tokens: [TokenID]) -> [UInt8]
}

extension Tokenizer {
    /// The tokens of a text.
    public func encode(_ text: String) -> [TokenID] {
        encode(bytes: Array(text.utf8))
    }

    /// The bytes of all tokens, one after the other. An id without a token adds nothing.
    public func decode(_ tokens: [TokenID]) -> [UInt8] {
        tokens.flatMap { bytes(of: $0) ?? [] }
    }

    /// The text of all tokens; bytes that are not UTF-8 become U+FFFD.
    public func decodeText(_ tokens: [TokenID]) -> String {
        String(decoding: decode(tokens), as: UTF8.self)
    }
}
