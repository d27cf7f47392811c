/// A vocabulary of the 256 byte values, for small models and for tests: a token's id is its byte.
///
/// Id 0 is also ``endOfText``: text does not contain the zero byte, so that no byte value is lost in practice. A zero
/// byte in the input is still encoded as 0 and decoded as a zero byte.
public struct ByteTokenizer: Tokenizer {
    /// The byte vocabulary, which is always the same.
    public init() {}

    public var vocabularySize: Int { 256 }

    public var endOfText: TokenID? { 0 }

    public func encode(bytes: [UInt8]) -> [TokenID] {
        bytes.map(TokenID.init)
    }

    public func bytes(of token: TokenID) -> [UInt8]? {
        UInt8(exactly: token).map { [$0] }
    }

    public func decode(_ tokens: [TokenID]) -> [UInt8] {
        tokens.compactMap(UInt8.init(exactly:))
    }
}
