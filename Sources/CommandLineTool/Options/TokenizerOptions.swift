internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Which tokenizer.
struct TokenizerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "world, neox, bytes, or the path of a vocabulary; by default the one beside the model.", valueName: "name"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp(
            "The vocabulary's file: rwkv_vocab_v20230424.txt for world, tokenizer.json for neox.", valueName: "file"))
    var vocab: String?

    /// The tokenizer that was asked for; `nil` if none was.
    func load() throws -> (any Tokenizer)? {
        switch (tokenizer, vocab) {
        case (nil, nil): return nil
        case (nil, let vocab?): return try loadTokenizer(at: vocab)
        case ("bytes", nil): return ByteTokenizer()
        case ("bytes", _?): throw ValidationError("the tokenizer “bytes” has no vocabulary; leave --vocab away")
        case ("world", let vocab?): return try load(WorldTokenizer.self, vocab, "a World vocabulary")
        case ("neox", let vocab?): return try load(BytePairTokenizer.self, vocab, "a tokenizer.json")
        case ("world", nil):
            throw ValidationError("--tokenizer world needs its vocabulary: --vocab rwkv_vocab_v20230424.txt")
        case ("neox", nil): throw ValidationError("--tokenizer neox needs its vocabulary: --vocab 20B_tokenizer.json")
        case (let path?, nil): return try loadTokenizer(at: path)
        case (let name?, _?):
            throw ValidationError("--tokenizer is “\(name)”; with --vocab it must be world, neox or bytes")
        }
    }

    /// The file that the tokenizer comes from, if one was named.
    var path: String? { vocab ?? (["world", "neox", "bytes"].contains(tokenizer) ? nil : tokenizer) }

    private func load<Kind: Tokenizer>(_ kind: Kind.Type, _ path: String, _ needed: String) throws -> Kind {
        guard let found = try loadTokenizer(at: path) as? Kind else {
            throw ValidationError("\(path) is not \(needed)")
        }
        return found
    }

    /// The tokenizer asked for, or the one in the folder of the model at `path`, or bytes; and the file it came from.
    func resolve(beside path: String?) throws -> (tokenizer: any Tokenizer, path: String?) {
        if let chosen = try load() { return (chosen, self.path) }
        guard let path else { return (ByteTokenizer(), nil) }
        let found = Self.candidates(beside: path).first { FileManager.default.fileExists(atPath: $0) }
        return (try found.map { try loadTokenizer(at: $0) } ?? ByteTokenizer(), found)
    }

    /// The tokenizer in the folder of the model at `path`, or bytes for a model of 256 tokens.
    func find(beside path: String, vocabularySize: Int) throws -> any Tokenizer {
        for candidate in Self.candidates(beside: path) where FileManager.default.fileExists(atPath: candidate) {
            let found = try loadTokenizer(at: candidate)
            if found.vocabularySize <= vocabularySize { return found }
        }
        if vocabularySize == 256 { return ByteTokenizer() }
        throw ValidationError(
            """
            no tokenizer for a vocabulary of \(vocabularySize) beside \(path) (looked for \
            \(Self.names.joined(separator: ", "))); name one with --vocab FILE or --tokenizer bytes
            """)
    }

    private static let names = ["tokenizer.json", "20B_tokenizer.json", "rwkv_vocab_v20230424.txt", "vocabulary.txt"]

    private static func candidates(beside path: String) -> [String] {
        let folder = (path as NSString).deletingLastPathComponent
        return names.map { (folder as NSString).appendingPathComponent($0) }
    }
}
