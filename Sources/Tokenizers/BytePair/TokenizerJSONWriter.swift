/// Writes a Hugging Face `tokenizer.json`: the same bytes for the same model, one token or merge on a line.
enum TokenizerJSONWriter {
    static func write(_ model: BytePairModel) -> [UInt8] {
        var output = JSONOutput()
        output.line(0, "{")
        output.line(1, #""version": "1.0","#)
        output.line(1, #""truncation": null,"#)
        output.line(1, #""padding": null,"#)
        output.list(1, name: "added_tokens", brackets: "[]", model.addedTokens.map(added), comma: true)
        output.line(1, model.normalizesToNFC ? #""normalizer": {"type": "NFC"},"# : #""normalizer": null,"#)
        output.line(1, #""pre_tokenizer": \#(byteLevel(addsPrefixSpace: model.addsPrefixSpace)),"#)
        output.line(1, #""post_processor": null,"#)
        output.line(1, #""decoder": \#(byteLevel(addsPrefixSpace: model.addsPrefixSpace)),"#)
        output.line(1, #""model": {"#)
        output.line(2, #""type": "BPE","#)
        output.line(2, #""dropout": null,"#)
        output.line(2, #""unk_token": null,"#)
        output.line(2, #""continuing_subword_prefix": null,"#)
        output.line(2, #""end_of_word_suffix": null,"#)
        output.line(2, #""fuse_unk": false,"#)
        output.line(2, #""byte_fallback": false,"#)
        output.line(2, #""ignore_merges": false,"#)
        let texts = vocabularyTexts(model)
        let vocabulary = texts.enumerated().compactMap { id, text in text.map { quoted($0) + Array(": \(id)".utf8) } }
        output.list(2, name: "vocab", brackets: "{}", vocabulary, comma: true)
        let merges = model.rules.map { rule in
            quoted((texts[Int(rule.left)] ?? []) + [UInt8(ascii: " ")] + (texts[Int(rule.right)] ?? []))
        }
        output.list(2, name: "merges", brackets: "[]", merges, comma: false)
        output.line(1, "}")
        output.line(0, "}")
        return output.bytes
    }

    private static func byteLevel(addsPrefixSpace: Bool) -> String {
        #"{"type": "ByteLevel", "add_prefix_space": \#(addsPrefixSpace), "trim_offsets": true, "use_regex": true}"#
    }

    private static func added(_ token: AddedToken) -> [UInt8] {
        let flags = #""single_word": false, "lstrip": false, "rstrip": false, "normalized": \#(token.isNormalized)"#
        return Array(#"{"id": \#(token.token), "content": "#.utf8) + quoted(token.content)
            + Array(#", \#(flags), "special": \#(token.isSpecial)}"#.utf8)
    }

    /// The text of each id that belongs into the model's own vocabulary.
    private static func vocabularyTexts(_ model: BytePairModel) -> [[UInt8]?] {
        var texts = (0..<model.tokens.count).map { id in
            model.tokens[TokenID(id)].map { ByteAlphabet.text(of: $0) }
        }
        for added in model.addedTokens {
            texts[Int(added.token)] = added.isInVocabulary ? added.content : nil
        }
        return texts
    }

    /// A JSON string.
    private static func quoted(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [UInt8(ascii: "\"")]
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += [UInt8(ascii: "\\"), byte]
            case 0x00..<0x20:
                let digits = String(byte, radix: 16)
                result += Array("\\u00\(digits.count == 1 ? "0" : "")\(digits)".utf8)
            default: result.append(byte)
            }
        }
        result.append(UInt8(ascii: "\""))
        return result
    }
}

/// Lines of JSON, indented by two blanks a level.
private struct JSONOutput {
    private(set) var bytes: [UInt8] = []

    mutating func line(_ level: Int, _ text: String) { line(level, Array(text.utf8)) }

    mutating func line(_ level: Int, _ text: [UInt8]) {
        bytes += repeatElement(UInt8(ascii: " "), count: 2 * level)
        bytes += text
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A list under a name, one member on a line.
    mutating func list(_ level: Int, name: String, brackets: String, _ members: [[UInt8]], comma: Bool) {
        line(level, "\"\(name)\": \(brackets.prefix(1))")
        for (index, member) in members.enumerated() {
            line(level + 1, index + 1 < members.count ? member + [UInt8(ascii: ",")] : member)
        }
        line(level, "\(brackets.suffix(1))\(comma ? "," : "")")
    }
}
