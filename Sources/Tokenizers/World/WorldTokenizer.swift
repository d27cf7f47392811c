/// The vocabulary of RWKV “World” models: at each place of the text the longest token that fits is taken.
///
/// Tokens are byte strings, and every single byte is one of them, so that any bytes can be encoded and come back
/// unchanged. Id 0 ends a document; it is not in the file and stands for no bytes.
public struct WorldTokenizer: Tokenizer {
    private let tokens: TokenTable
    private let trie: ByteTrie

    /// Reads a vocabulary in the form of `rwkv_vocab_v20230424.txt`.
    ///
    /// Each line is `id literal length`: a decimal id from 1 up, a string or bytes literal as Python prints it (it may
    /// hold spaces), and the number of bytes. Lines end in LF or CRLF.
    /// - Throws: ``TokenizerError/invalidLine(line:defect:)`` for a line that is wrong or repeats an earlier one,
    ///   ``TokenizerError/missingByteToken(_:)`` if a single byte has no token, ``TokenizerError/fileTooLarge(byteCount:limit:)``.
    public init(vocabulary file: [UInt8]) throws(TokenizerError) {
        let lines = try WorldVocabularyReader.read(file)
        do {
            trie = try ByteTrie(lines.map { (bytes: $0.bytes, token: $0.token) })
        } catch {
            throw .invalidLine(
                line: lines[error.second].line, defect: .duplicateToken(firstLine: lines[error.first].line))
        }
        var table = [[UInt8]](repeating: [], count: 1 + Int(lines.map(\.token).max() ?? 0))
        for line in lines { table[Int(line.token)] = line.bytes }
        tokens = TokenTable(table)
        try checkBytes()
    }

    /// A tokenizer whose token `id` stands for the bytes `table[id]`, as a model's file may list them.
    ///
    /// Ids with no bytes are never used; id 0 ends a document whatever its bytes are.
    /// - Throws: ``TokenizerError/duplicateToken(_:)``, ``TokenizerError/missingByteToken(_:)`` if a single byte has no
    ///   token.
    public init(tokens table: [[UInt8]]) throws(TokenizerError) {
        var table = table
        if !table.isEmpty { table[0] = [] }
        while table.last == [] { table.removeLast() }
        let keys = table.enumerated().filter { !$0.element.isEmpty }.map { id, bytes in
            (bytes: bytes, token: TokenID(truncatingIfNeeded: id))
        }
        do {
            trie = try ByteTrie(keys)
        } catch {
            throw .duplicateToken(String(decoding: keys[error.second].bytes, as: UTF8.self))
        }
        tokens = TokenTable(table)
        try checkBytes()
    }

    /// The bytes of every token by id; empty where an id stands for none.
    public var vocabulary: [[UInt8]] {
        (0..<tokens.count).map { id in tokens[TokenID(id)].map(Array.init) ?? [] }
    }

    private func checkBytes() throws(TokenizerError) {
        for byte in UInt8.min...UInt8.max where trie.longestMatch(in: [byte], from: 0, to: 1) == nil {
            throw .missingByteToken(byte)
        }
    }

    public var vocabularySize: Int { tokens.count }

    public var endOfText: TokenID? { 0 }

    /// The tokens of any bytes, by greedy longest match.
    /// - Complexity: O(n) for text; at worst n times the length of the longest token.
    public func encode(bytes: [UInt8]) -> [TokenID] {
        var result: [TokenID] = []
        result.reserveCapacity(bytes.count / 4 + 8)
        var index = 0
        while index < bytes.count {
            guard let match = trie.longestMatch(in: bytes, from: index, to: bytes.count) else {
                preconditionFailure("every byte has a token: the initialiser checked it")
            }
            result.append(match.token)
            index = match.end
        }
        return result
    }

    public func bytes(of token: TokenID) -> [UInt8]? {
        token == 0 ? [] : tokens[token].map(Array.init)
    }

    public func decode(_ ids: [TokenID]) -> [UInt8] {
        tokens.joined(ids)
    }
}
