/// Reads a Hugging Face `tokenizer.json`, refusing whatever it asks for that ``BytePairTokenizer`` does not do.
struct TokenizerJSONReader {
    private var json: JSONReader
    private let identifierLimit: Int
    private var addedTokens: [AddedToken] = []
    private var normalizesToNFC = false
    private var addsPrefixSpace: Bool?
    private var hasDecoder = false
    private var model: ModelPart?

    private struct ModelPart {
        var vocabulary: [[UInt8]: TokenID]?
        var merges: [(left: [UInt8], right: [UInt8])]?
    }

    /// The model in a file.
    static func read(_ file: [UInt8]) throws(TokenizerError) -> BytePairModel {
        try TokenizerLimits.check(byteCount: file.count)
        var reader = TokenizerJSONReader(
            json: try JSONReader(file), identifierLimit: TokenizerLimits.identifierLimit(byteCount: file.count))
        try reader.readParts()
        return try reader.makeModel()
    }

    private init(json: JSONReader, identifierLimit: Int) {
        self.json = json
        self.identifierLimit = identifierLimit
    }

    private mutating func readParts() throws(TokenizerError) {
        try json.beginObject()
        while let key = try json.nextKey() {
            let part = String(decoding: key, as: UTF8.self)
            switch part {
            case "added_tokens": try readAddedTokens()
            case "model": try readModel()
            case "normalizer":
                if let settings = try JSONSettings(part, from: &json) {
                    try settings.require("type", "NFC")
                    normalizesToNFC = true
                }
            case "pre_tokenizer":
                let settings = try byteLevel(part)
                try settings?.require("use_regex", true, orMissing: true)
                addsPrefixSpace = try settings?.boolean("add_prefix_space") ?? true
            case "decoder":
                _ = try byteLevel(part)
                hasDecoder = true
            case "post_processor":
                // ByteLevel changes offsets only; other processors add tokens.
                try JSONSettings(part, from: &json)?.require("type", "ByteLevel")
            case "truncation", "padding":
                if try JSONSettings(part, from: &json) != nil {
                    throw .unsupported(part: part, found: "set", supported: "null")
                }
            default: try json.skipValue()
            }
        }
        try json.end()
    }

    private mutating func byteLevel(_ part: String) throws(TokenizerError) -> JSONSettings? {
        guard let settings = try JSONSettings(part, from: &json) else {
            throw .unsupported(part: part, found: "null", supported: "ByteLevel")
        }
        try settings.require("type", "ByteLevel")
        return settings
    }

    private mutating func readAddedTokens() throws(TokenizerError) {
        addedTokens = []
        if try json.peek() == .literal, try json.literal() == nil { return }
        try json.beginArray()
        while try json.nextElement() {
            let part = "added_tokens[\(addedTokens.count)]"
            guard let settings = try JSONSettings(part, from: &json) else {
                throw .wrongKind(part: part, expected: "an object")
            }
            for flag in ["single_word", "lstrip", "rstrip"] { try settings.require(flag, false, orMissing: true) }
            let content = try settings.text("content")
            let token = try checked(settings.integer("id"), of: content)
            if content.isEmpty { throw .emptyToken(id: Int(token)) }
            let isSpecial = try settings.boolean("special") ?? false
            addedTokens.append(
                AddedToken(
                    token: token, content: content, isSpecial: isSpecial,
                    isNormalized: try settings.boolean("normalized") ?? !isSpecial, isInVocabulary: false))
        }
    }

    private mutating func readModel() throws(TokenizerError) {
        var part = ModelPart()
        try json.beginObject()
        while let key = try json.nextKey() {
            let name = String(decoding: key, as: UTF8.self)
            switch name {
            case "vocab": part.vocabulary = try readVocabulary()
            case "merges": part.merges = try readMerges()
            case "type", "dropout", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback", "ignore_merges":
                try JSONSettings.Value(from: &json).requireSupported(name)
            default: try json.skipValue()
            }
        }
        model = part
    }

    private mutating func readVocabulary() throws(TokenizerError) -> [[UInt8]: TokenID] {
        var vocabulary: [[UInt8]: TokenID] = [:]
        try json.beginObject()
        while let text = try json.nextKey() {
            guard try json.peek() == .number, let id = try json.number().integer else {
                throw .wrongKind(part: "model.vocab.\(name(text))", expected: "an integer")
            }
            if text.isEmpty { throw .emptyToken(id: id) }
            guard vocabulary.updateValue(try checked(id, of: text), forKey: text) == nil else {
                throw .duplicateToken(name(text))
            }
        }
        return vocabulary
    }

    /// Merges in either form: `"a b"` or `["a", "b"]`.
    private mutating func readMerges() throws(TokenizerError) -> [(left: [UInt8], right: [UInt8])] {
        var merges: [(left: [UInt8], right: [UInt8])] = []
        try json.beginArray()
        while try json.nextElement() {
            var parts: [[UInt8]] = []
            if try json.peek() == .array {
                try json.beginArray()
                while try json.nextElement() { parts.append(try json.string()) }
            } else {
                let space = UInt8(ascii: " ")
                parts = try json.string().split(separator: space, omittingEmptySubsequences: false).map(Array.init)
            }
            guard parts.count == 2 else { throw .malformedMerge(rank: merges.count) }
            merges.append((parts[0], parts[1]))
        }
        return merges
    }

    private func makeModel() throws(TokenizerError) -> BytePairModel {
        guard let model else { throw .missingPart("model") }
        guard let vocabulary = model.vocabulary else { throw .missingPart("model.vocab") }
        guard let merges = model.merges else { throw .missingPart("model.merges") }
        guard let addsPrefixSpace else { throw .missingPart("pre_tokenizer") }
        guard hasDecoder else { throw .missingPart("decoder") }

        var rules: [MergeRule] = []
        rules.reserveCapacity(merges.count)
        for (rank, merge) in merges.enumerated() {
            func token(_ text: [UInt8]) throws(TokenizerError) -> TokenID {
                guard let token = vocabulary[text] else { throw .mergeOfUnknownToken(rank: rank, token: name(text)) }
                return token
            }
            rules.append(
                MergeRule(
                    left: try token(merge.left), right: try token(merge.right),
                    result: try token(merge.left + merge.right)))
        }
        let addedTokens = try knownToVocabulary(vocabulary)
        return BytePairModel(
            tokens: try tokenTable(vocabulary, addedTokens), rules: rules, addedTokens: addedTokens,
            byteTokens: try byteTokens(vocabulary), normalizesToNFC: normalizesToNFC, addsPrefixSpace: addsPrefixSpace)
    }

    /// The added tokens, those marked that the vocabulary lists too.
    private func knownToVocabulary(_ vocabulary: [[UInt8]: TokenID]) throws(TokenizerError) -> [AddedToken] {
        var seen: Set<[UInt8]> = []
        var result: [AddedToken] = []
        for added in addedTokens {
            let listed = vocabulary[added.content]
            guard seen.insert(added.content).inserted, listed == nil || listed == added.token else {
                throw .duplicateToken(name(added.content))
            }
            result.append(
                AddedToken(
                    token: added.token, content: added.content, isSpecial: added.isSpecial,
                    isNormalized: added.isNormalized, isInVocabulary: listed != nil))
        }
        return result
    }

    private func tokenTable(
        _ vocabulary: [[UInt8]: TokenID], _ addedTokens: [AddedToken]
    ) throws(TokenizerError) -> TokenTable {
        let largest = max(vocabulary.values.max() ?? 0, addedTokens.map(\.token).max() ?? 0)
        var texts = [[UInt8]](repeating: [], count: Int(largest) + 1)
        func add(_ text: [UInt8], _ token: TokenID) throws(TokenizerError) {
            let other = texts[Int(token)]
            guard other.isEmpty || other == text else {
                // In this order the message does not depend on the order of a dictionary.
                let names = [name(other), name(text)].sorted()
                throw .duplicateTokenID(id: token, first: names[0], second: names[1])
            }
            texts[Int(token)] = text
        }
        for (text, token) in vocabulary { try add(text, token) }
        for added in addedTokens { try add(added.content, added.token) }
        var tokens = texts.map(ByteAlphabet.bytes)
        // An added token is written as it stands.
        for added in addedTokens { tokens[Int(added.token)] = added.content }
        return TokenTable(tokens)
    }

    private func byteTokens(_ vocabulary: [[UInt8]: TokenID]) throws(TokenizerError) -> [TokenID] {
        var tokens: [TokenID] = []
        for byte in UInt8.min...UInt8.max {
            let token = vocabulary[ByteAlphabet.text(of: [byte])]
            let occursInText = isContinuation(byte) || sequenceLength(of: byte) > 0
            if token == nil, occursInText { throw .missingByteToken(byte) }
            tokens.append(token ?? -1)
        }
        return tokens
    }

    private func checked(_ id: Int, of text: [UInt8]) throws(TokenizerError) -> TokenID {
        guard id >= 0, id < identifierLimit else {
            throw .tokenIDOutOfRange(token: name(text), id: id, limit: identifierLimit)
        }
        return TokenID(id)
    }

    private func name(_ text: [UInt8]) -> String { String(decoding: text, as: UTF8.self) }
}
