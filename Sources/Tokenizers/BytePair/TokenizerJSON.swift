/// The parts of a Hugging Face `tokenizer.json` that have a meaning here, named as in the file; the others are ignored.
///
/// `null` means the same as a missing part.
struct TokenizerJSON: Decodable {
    /// A normaliser, pre-tokeniser, post-processor or decoder.
    struct Component: Decodable {
        let type: String
        let add_prefix_space: Bool?
        let use_regex: Bool?
    }

    struct AddedToken: Decodable {
        let id: Int
        let content: String
        let single_word: Bool?
        let lstrip: Bool?
        let rstrip: Bool?
        let normalized: Bool?
        let special: Bool?
    }

    /// Its type comes first, for models of other types have other parts.
    struct Model: Decodable {
        let type: ModelType?
        let dropout: Double?
        let continuing_subword_prefix: String?
        let end_of_word_suffix: String?
        let byte_fallback: Bool?
        let ignore_merges: Bool?
        let vocab: Vocabulary
        let merges: Merges
    }

    struct ModelType: Decodable {}

    /// The id of each token's text.
    ///
    /// Strings are equal if they are canonically equivalent, as keys for the decoder and here. No two texts in the
    /// alphabet of byte-level BPE are: it has no combining characters.
    struct Vocabulary: Decodable {
        let ids: [String: Int]
    }

    struct Merges: Decodable {
        let parts: [[Substring]]
    }

    /// A value of any kind but `null`.
    struct Anything: Decodable {}

    let model: Model
    let truncation: Anything?
    let padding: Anything?
    let added_tokens: [AddedToken]?
    let normalizer: Component?
    let pre_tokenizer: Component
    let post_processor: Component?
    let decoder: Component
}

extension TokenizerJSON.ModelType {
    init(from decoder: any Decoder) throws {
        try TokenizerError.require("model.type", String(from: decoder), "BPE")
    }
}

extension TokenizerJSON.Vocabulary {
    private struct Text: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Takes two thirds of the time that the decoding of a `[String: Int]` takes.
    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Text.self)
        let texts = members.allKeys
        var ids = [String: Int](minimumCapacity: texts.count)
        for text in texts { ids[text.stringValue] = try members.decode(Int.self, forKey: text) }
        self.ids = ids
    }
}

extension TokenizerJSON.Merges {
    /// Reads merges in either form: `["a b", …]` or `[["a", "b"], …]`.
    init(from decoder: any Decoder) throws {
        let merges = try decoder.singleValueContainer()
        do {
            // Split as UTF-8, for a blank and a combining character are one `Character`.
            parts = try merges.decode([String].self).map { merge in
                merge.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Substring.init)
            }
        } catch DecodingError.typeMismatch {
            parts = try merges.decode([[String]].self).map { $0.map { $0[...] } }
        }
    }
}
