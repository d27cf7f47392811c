internal import Checkpoints
internal import Tensors

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The kinds of files that a model can learn from.
public enum DataFormat: String, Sendable, CaseIterable, Codable {
    /// Documents with a mark between them; see `PlainText`.
    case text
    /// A JSON object with a text on each line; see `JSONLines`.
    case jsonl
    /// A JSON object with a conversation on each line; see `ChatLines`.
    case chat
    /// Tokens; see `BinIdx`.
    case binidx

    private struct Members: Decodable {
        let text, messages, conversations: Anything?

        struct Anything: Decodable {
            init(from decoder: any Decoder) throws {}
        }
    }

    /// The format of a file, by its name and its beginning.
    ///
    /// A name that ends in `.bin` or `.idx`, or that both can be added to, is that of a binidx data set. A file whose first
    /// line is a JSON object with one of the known members is a file of lines, unless its name ends in `.txt`.
    /// - Throws: `CheckpointError` if there is no such file or it cannot be read.
    public static func detect(path: String) throws -> DataFormat {
        if path.hasSuffix(".bin") || path.hasSuffix(".idx") { return .binidx }
        let isThere = { FileManager.default.fileExists(atPath: $0) }
        if !isThere(path), isThere(path + ".idx") { return .binidx }
        let file = try MappedFile(path: path)
        if path.hasSuffix(".txt") { return .text }
        let isNamedJSON = [".jsonl", ".ndjson", ".json"].contains { path.hasSuffix($0) }
        return withExtendedLifetime(file.storage) {
            let bytes = file.storage.bytes.drop { [0xEF, 0xBB, 0xBF, 0x20, 0x09, 0x0A, 0x0D].contains($0) }
            guard bytes.first == UInt8(ascii: "{") else { return isNamedJSON ? .jsonl : .text }
            let line = bytes.prefix(JSONLineReader.lineLimit).prefix { $0 != UInt8(ascii: "\n") }
            let members = try? JSONDecoder().decode(Members.self, from: Data(line))
            if members?.messages != nil || members?.conversations != nil { return .chat }
            return isNamedJSON || members?.text != nil ? .jsonl : .text
        }
    }
}
