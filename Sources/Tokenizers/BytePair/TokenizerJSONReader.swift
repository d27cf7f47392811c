#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads a Hugging Face `tokenizer.json`, refusing whatever it asks for that ``BytePairTokenizer`` does not do.
struct TokenizerJSONReader {
    private let vocabulary: [String: Int]
    private let identifierLimit: Int

    /// The model in a file.
    static func read(_ file: [UInt8]) throws(TokenizerError) -> BytePairModel {
        try TokenizerLimits.check(byteCount: file.count)
        let json: TokenizerJSON
        do {
            json = try JSONDecoder().decode(TokenizerJSON.self, from: Data(file))
        } catch let error as TokenizerError {
            throw error
        } catch let error as DecodingError {
            throw TokenizerError(error)
        } catch {
            throw .invalidJSON(reason: "\(error)")
        }
        try checkSupported(json)
        let limit = TokenizerLimits.identifierLimit(byteCount: file.count)
        return try TokenizerJSONReader(vocabulary: json.model.vocab.ids, identifierLimit: limit).model(json)
    }

    private static func checkSupported(_ json: TokenizerJSON) throws(TokenizerError) {
        for (part, value) in [("truncation", json.truncation), ("padding", json.padding)] where value != nil {
            throw .unsupported(part: part, found: "set", supported: "null")
        }
        try TokenizerError.require("normalizer", json.normalizer?.type, "NFC")
        try TokenizerError.require("pre_tokenizer", json.pre_tokenizer.type, "ByteLevel")
        try TokenizerError.require("pre_tokenizer.use_regex", json.pre_tokenizer.use_regex, true)
        // ByteLevel changes offsets only; other processors add tokens.
        try TokenizerError.require("post_processor", json.post_processor?.type, "ByteLevel")
        try TokenizerError.require("decoder", json.decoder.type, "ByteLevel")
        let model = json.model
        try TokenizerError.require("model.dropout", model.dropout, 0)
        try TokenizerError.require("model.continuing_subword_prefix", model.continuing_subword_prefix, "")
        try TokenizerError.require("model.end_of_word_suffix", model.end_of_word_suffix, "")
        try TokenizerError.require("model.byte_fallback", model.byte_fallback, false)
        try TokenizerError.require("model.ignore_merges", model.ignore_merges, false)
        for (i, token) in (json.added_tokens ?? []).enumerated() {
            try TokenizerError.require("added_tokens[\(i)].single_word", token.single_word, false)
            try TokenizerError.require("added_tokens[\(i)].lstrip", token.lstrip, false)
            try TokenizerError.require("added_tokens[\(i)].rstrip", token.rstrip, false)
        }
    }

    private func model(_ json: TokenizerJSON) throws(TokenizerError) -> BytePairModel {
        for (text, id) in vocabulary { try check(id, of: text) }
        let addedTokens = try addedTokens(json.added_tokens ?? [])
        return BytePairModel(
            tokens: try tokenTable(addedTokens), rules: try rules(json.model.merges), addedTokens: addedTokens,
            byteTokens: try byteTokens(), normalizesToNFC: json.normalizer != nil,
            addsPrefixSpace: json.pre_tokenizer.add_prefix_space ?? true)
    }

    private func rules(_ merges: TokenizerJSON.Merges) throws(TokenizerError) -> [MergeRule] {
        var rules: [MergeRule] = []
        rules.reserveCapacity(merges.parts.count)
        for (rank, parts) in merges.parts.enumerated() {
            guard parts.count == 2 else { throw .malformedMerge(rank: rank) }
            func token(_ text: String) throws(TokenizerError) -> TokenID {
                guard let id = vocabulary[text] else { throw .mergeOfUnknownToken(rank: rank, token: text) }
                return TokenID(id)
            }
            let (left, right) = (String(parts[0]), String(parts[1]))
            rules.append(
                MergeRule(left: try token(left), right: try token(right), result: try token(left + right)))
        }
        return rules
    }

    /// The added tokens, those marked that the vocabulary lists too.
    private func addedTokens(_ tokens: [TokenizerJSON.AddedToken]) throws(TokenizerError) -> [AddedToken] {
        var seen: Set<[UInt8]> = []
        var result: [AddedToken] = []
        for token in tokens {
            try check(token.id, of: token.content)
            let content = Array(token.content.utf8)
            let listed = vocabulary[token.content]
            guard seen.insert(content).inserted, listed == nil || listed == token.id else {
                throw .duplicateToken(token.content)
            }
            let isSpecial = token.special ?? false
            result.append(
                AddedToken(
                    token: TokenID(token.id), content: content, isSpecial: isSpecial,
                    isNormalized: token.normalized ?? !isSpecial, isInVocabulary: listed != nil))
        }
        return result
    }

    private func tokenTable(_ addedTokens: [AddedToken]) throws(TokenizerError) -> TokenTable {
        let largest = max(vocabulary.values.max() ?? 0, addedTokens.map { Int($0.token) }.max() ?? 0)
        var texts = [String](repeating: "", count: largest + 1)
        func add(_ text: String, _ id: Int) throws(TokenizerError) {
            guard texts[id].isEmpty || texts[id] == text else {
                // In this order the message does not depend on the order of a dictionary.
                let names = [texts[id], text].sorted()
                throw .duplicateTokenID(id: TokenID(id), first: names[0], second: names[1])
            }
            texts[id] = text
        }
        for (text, id) in vocabulary { try add(text, id) }
        for added in addedTokens { try add(String(decoding: added.content, as: UTF8.self), Int(added.token)) }
        var tokens = texts.map(ByteAlphabet.bytes)
        // An added token is written as it stands.
        for added in addedTokens { tokens[Int(added.token)] = added.content }
        return TokenTable(tokens)
    }

    private func byteTokens() throws(TokenizerError) -> [TokenID] {
        var tokens: [TokenID] = []
        for byte in UInt8.min...UInt8.max {
            let id = vocabulary[String(ByteAlphabet.scalars[Int(byte)])]
            let occursInText = isContinuation(byte) || sequenceLength(of: byte) > 0
            if id == nil, occursInText { throw .missingByteToken(byte) }
            tokens.append(TokenID(id ?? -1))
        }
        return tokens
    }

    private func check(_ id: Int, of text: String) throws(TokenizerError) {
        guard id >= 0, id < identifierLimit else {
            throw .tokenIDOutOfRange(token: text, id: id, limit: identifierLimit)
        }
        if text.isEmpty { throw .emptyToken(id: id) }
    }
}
