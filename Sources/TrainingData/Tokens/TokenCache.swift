internal import Checkpoints
public import Tokenizers

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A folder with the tokens of files, so that each file is tokenized once for each tokenizer.
///
/// The tokens of a file are used again while its size, the moment of its last change, the format and the tokenizer are
/// those that they were made with. What is damaged or out of date is made anew. Files here may be removed at any time.
public struct TokenCache: Sendable {
    public let folder: String

    public init(folder: String) { self.folder = folder }

    /// `tokens` in `RWKV_CACHE`, or `rwkv/tokens` in `XDG_CACHE_HOME` or `~/.cache`; `nil` without a home.
    public static func folder(environment: [String: String]) -> String? {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        if let own = value("RWKV_CACHE") { return own + "/tokens" }
        return (value("XDG_CACHE_HOME") ?? value("HOME").map { $0 + "/.cache" }).map { $0 + "/rwkv/tokens" }
    }

    /// What happens to a file.
    public enum Event: Sendable {
        /// Its tokens were made before.
        case reused(path: String)
        /// The tokens of before are made anew, because they are out of date or damaged.
        case rebuilding(path: String, reason: String)
        case tokenizing(TokenizingProgress)
        case tokenized(path: String, tokenCount: Int)
    }

    /// The tokens of a text file.
    /// - Parameters:
    ///   - source: The documents of the file at `path`.
    ///   - report: Told what happens; an error that it throws ends the work.
    /// - Throws: `TrainingDataError` for a file that is not what it should be; `CheckpointError` if the cache cannot be
    ///   written or mapped.
    /// - Complexity: O(bytes) time; memory for a piece of text, and some bytes for each document and answer.
    public func tokens(
        of source: some DocumentSource, path: String, tokenizer: any Tokenizer, _ report: (Event) throws -> Void
    ) throws -> (store: TokenStore, textByteCount: Int) {
        guard let identity = FileIdentity(path: path) else { throw CheckpointError.missingFile(path: path) }
        var name = Fingerprint()
        name.add(URL(fileURLWithPath: path).standardizedFileURL.path)
        name.add(source.setting)
        name.add(tokenizer.fingerprint)
        var key = name
        identity.add(to: &key)

        let cached = "\(folder)/\(hexadecimal(name.value)).tokens"
        switch (try? MappedFile(path: cached)).map({ TokenCacheFile.read($0.storage, key: key.value) }) {
        case .whole(let store, let textByteCount)?:
            try report(.reused(path: path))
            return (store, textByteCount)
        case .outdated?: try report(.rebuilding(path: path, reason: "it was changed since its tokens were kept"))
        case .damaged?: try report(.rebuilding(path: path, reason: "its kept tokens in \(cached) are damaged"))
        case nil: break
        }

        try prepareFolder()
        let writer = try TokenCacheFile.Writer(path: cached, vocabularySize: tokenizer.vocabularySize)
        let textByteCount = try Tokenizing(source: source, tokenizer: tokenizer, path: path).run(into: writer) {
            try report(.tokenizing($0))
        }
        guard FileIdentity(path: path) == identity else { throw TrainingDataError.changedWhileRead(path: path) }
        if writer.documentCount == 0 { throw TrainingDataError.noDocuments(path: path) }
        try writer.finish(textByteCount: textByteCount, key: key.value)
        guard case .whole(let store, _) = TokenCacheFile.read(try MappedFile(path: cached).storage, key: key.value)
        else {
            throw CheckpointError.cannotOpen(path: cached, reason: "it does not hold what was just written")
        }
        try report(.tokenized(path: path, tokenCount: store.count))
        return (store, textByteCount)
    }

    /// Makes the folder, and removes what processes that were killed a day ago or earlier left half written.
    private func prepareFolder() throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw CheckpointError.cannotWrite(path: folder, reason: "the folder cannot be made")
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for path in names.filter({ $0.hasPrefix(".partial-") }).map({ "\(folder)/\($0)" }) {
            if let identity = FileIdentity(path: path), time(nil) - identity.seconds > 86400 { unlink(path) }
        }
    }
}
