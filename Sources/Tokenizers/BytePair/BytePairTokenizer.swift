/// Byte-level byte-pair encoding, as used by GPT-2, GPT-NeoX (RWKV-4 “Pile” models) and by ``BytePairTrainer``.
///
/// Text is encoded in four steps: added tokens are cut out, the rest is normalised (if the file says so), split into
/// words, and in each word neighbouring tokens are merged, the pair of lowest rank first, leftmost first among equals.
///
/// Decoding gives back the bytes of the normalised text. The NeoX vocabulary asks for Unicode normalisation form C and
/// so changes some text; vocabularies trained here do not. Bytes that are not UTF-8 are encoded byte by byte and come
/// back unchanged, but for the thirteen that never occur in UTF-8 (C0, C1, F5…FF): where the vocabulary has no token
/// for one, as in NeoX, it becomes U+FFFD.
public struct BytePairTokenizer: Tokenizer {
    package let model: BytePairModel
    private let preTokenizer: PreTokenizer
    private let ranks: MergeRanks

    /// Reads a Hugging Face `tokenizer.json`.
    ///
    /// Read are models of type `BPE` with normaliser `NFC` or none, pre-tokeniser and decoder `ByteLevel`, and added
    /// tokens without `lstrip`, `rstrip` and `single_word`.
    /// - Throws: ``TokenizerError`` for a file that is no such JSON, that contradicts itself, or
    ///   (``TokenizerError/unsupported(part:found:supported:)``) asks for anything else.
    public init(tokenizerJSON file: [UInt8]) throws(TokenizerError) {
        try self.init(TokenizerJSONReader.read(file))
    }

    init(_ model: BytePairModel) throws(TokenizerError) {
        self.model = model
        preTokenizer = try PreTokenizer(
            addedTokens: model.addedTokens, normalizesToNFC: model.normalizesToNFC,
            addsPrefixSpace: model.addsPrefixSpace)
        ranks = try MergeRanks(model.rules)
    }

    public var vocabularySize: Int { model.tokens.count }

    /// The id of `<|endoftext|>`, if that is an added token.
    public var endOfText: TokenID? {
        let content = Array("<|endoftext|>".utf8)
        return model.addedTokens.first { $0.content == content }?.token
    }

    /// The tokens that mark structure, such as `<|endoftext|>`, by their text.
    public var specialTokens: [String: TokenID] {
        let special = model.addedTokens.filter(\.isSpecial).map {
            (String(decoding: $0.content, as: UTF8.self), $0.token)
        }
        return Dictionary(special, uniquingKeysWith: { first, _ in first })
    }

    /// The tokens of a text. Special tokens written out in it are recognised.
    /// - Complexity: O(n log n) for one word of n bytes, O(n) for text.
    public func encode(bytes: [UInt8]) -> [TokenID] {
        var result: [TokenID] = []
        result.reserveCapacity(bytes.count / 4 + 8)
        var encoder = WordEncoder(byteTokens: model.byteTokens, rules: model.rules, ranks: ranks)
        var cache = WordCache(textLength: bytes.count)
        preTokenizer.forEachPiece(of: bytes) { piece in
            switch piece {
            case .added(let token):
                result.append(token)
            case .word(let text, let range):
                if cache.append(text, range, to: &result) { return }
                let start = result.count
                encoder.append(text, range, to: &result)
                cache.insert(text, range, tokens: result[start...])
            }
        }
        return result
    }

    public func bytes(of token: TokenID) -> [UInt8]? {
        model.tokens[token].map(Array.init)
    }

    public func decode(_ ids: [TokenID]) -> [UInt8] {
        model.tokens.joined(ids)
    }
}
