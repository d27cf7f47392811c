/// A checkpoint that may hold its tokenizer's vocabulary.
public protocol VocabularySource: Sendable {
    /// The bytes of every token, by id; empty where no text becomes that id. `nil` if there is no vocabulary.
    /// - Complexity: O(vocabulary) each time.
    var vocabulary: [[UInt8]]? { get }

    /// The Hugging Face `tokenizer.json` that the checkpoint holds; `nil` if none.
    var tokenizerJSON: [UInt8]? { get }
}
