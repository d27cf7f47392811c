internal import ArgumentParser
internal import Foundation
internal import RWKV

/// The tokenizer that a model's file holds: read from GGUF files, and put into them.
enum CarriedTokenizer {
    /// The tokenizer in a file; `nil` if there is none that can encode all text.
    static func tokenizer(_ file: any VocabularySource) throws -> (any Tokenizer)? {
        if let tokens = file.vocabulary, let found = try tokenizer(of: tokens) { return found }
        return try file.tokenizerJSON.map { try BytePairTokenizer(tokenizerJSON: $0) }
    }

    /// What a GGUF file gets from the model at `path`, or from the one inside: what `vocab` names, the model's own tokenizer,
    /// or the one that lies beside it.
    static func parts(
        of path: String?, named vocab: String?, vocabularySize: Int
    ) throws -> (vocabulary: [[UInt8]]?, json: [UInt8]?) {
        if let vocab { return parts(try loadTokenizer(at: vocab)) }
        guard let path else { return parts(try BuiltInModel.tokenizer()) }
        if let own = try ModelCheckpoint.vocabularySource(at: path), own.vocabulary != nil || own.tokenizerJSON != nil {
            return (own.vocabulary, own.tokenizerJSON)
        }
        let found = try TokenizerOptions.locate(beside: path, vocabularySize: vocabularySize)?.tokenizer
        return try parts(found ?? TokenizerOptions.installedWorld(vocabularySize: vocabularySize))
    }

    private static func parts(_ tokenizer: (any Tokenizer)?) -> (vocabulary: [[UInt8]]?, json: [UInt8]?) {
        ((tokenizer as? WorldTokenizer)?.vocabulary, (tokenizer as? BytePairTokenizer)?.tokenizerJSON)
    }

    /// The tokenizer of a vocabulary; `nil` if it lacks bytes, so that it cannot encode all text.
    private static func tokenizer(of vocabulary: [[UInt8]]) throws -> (any Tokenizer)? {
        // llama.cpp's kind has no token for the byte 0 where every id is a byte.
        if vocabulary.dropFirst() == (1...255).map({ [UInt8($0)] })[...] { return ByteTokenizer() }
        do throws(TokenizerError) {
            return try WorldTokenizer(tokens: vocabulary)
        } catch {
            if case .missingByteToken = error { return nil }
            throw error
        }
    }
}
