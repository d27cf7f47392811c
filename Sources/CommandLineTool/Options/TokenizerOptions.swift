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
        case ("world", nil): return try load(WorldTokenizer.self, installed(Self.worldName), "a World vocabulary")
        case ("neox", nil): return try load(BytePairTokenizer.self, installed(Self.neoxName), "a tokenizer.json")
        case (let path?, nil): return try loadTokenizer(at: path)
        case (let name?, _?):
            throw ValidationError("--tokenizer is “\(name)”; with --vocab it must be world, neox or bytes")
        }
    }

    /// The file that the tokenizer comes from, if one was named.
    var path: String? { vocab ?? (["world", "neox", "bytes"].contains(tokenizer) ? nil : tokenizer) }

    /// The path of a published vocabulary in the folder at hand or among the user's files.
    private func installed(_ name: String) throws -> String {
        guard let found = Self.installedPaths(name).first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw ValidationError(
                """
                this tokenizer needs its vocabulary: --vocab \(name) (not named, and neither here nor in \
                ~/.local/share/rwkv)
                """)
        }
        return found
    }

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
        if let found = try Self.locate(beside: path, vocabularySize: vocabularySize) { return found.tokenizer }
        throw ValidationError(
            """
            no tokenizer for a vocabulary of \(vocabularySize) beside \(path) (looked for \
            \(Self.names.joined(separator: ", "))); name one with --vocab FILE or --tokenizer bytes
            """)
    }

    /// The World vocabulary in the folder at hand or among the user's files, for a model that has as many tokens.
    static func installedWorld(vocabularySize: Int) throws -> (any Tokenizer)? {
        guard (65530...65536).contains(vocabularySize) else { return nil }
        return try installedPaths(worldName).first { FileManager.default.fileExists(atPath: $0) }.map(loadTokenizer)
    }

    private static func installedPaths(_ name: String) -> [String] {
        let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
        return [name, "\(home)/.local/share/rwkv/\(name)"]
    }

    /// As `find`, with the file that the tokenizer came from, if any; `nil` if there is none.
    static func locate(
        beside path: String, vocabularySize: Int
    ) throws -> (tokenizer: any Tokenizer, path: String?)? {
        for candidate in candidates(beside: path) where FileManager.default.fileExists(atPath: candidate) {
            do {
                let found = try loadTokenizer(at: candidate)
                if found.vocabularySize <= vocabularySize { return (found, candidate) }
            } catch {
                // Nobody named the file, so the message must.
                let message = "\(error)"
                throw InputError(description: message.contains(candidate) ? message : "\(candidate): \(message)")
            }
        }
        return vocabularySize == 256 ? (ByteTokenizer(), nil) : nil
    }

    private static let worldName = "rwkv_vocab_v20230424.txt"
    private static let neoxName = "20B_tokenizer.json"
    private static let names = ["tokenizer.json", neoxName, worldName, "vocabulary.txt"]

    private static func candidates(beside path: String) -> [String] {
        var isFolder = ObjCBool(false)
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let folder = isFolder.boolValue ? path : (path as NSString).deletingLastPathComponent
        return names.map { (folder as NSString).appendingPathComponent($0) }
    }
}
