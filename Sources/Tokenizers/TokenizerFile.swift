#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The tokenizer in a file: a World vocabulary or a Hugging Face `tokenizer.json`, told apart by their content.
/// - Throws: ``TokenizerError`` if the file cannot be read, is neither, or is wrong.
public func loadTokenizer(at path: String) throws(TokenizerError) -> any Tokenizer {
    let bytes = try TokenizerFile.read(path)
    let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let first = bytes.first(where: { !isBlank($0) }) else { throw .unrecognizedFormat }
    switch first {
    case UInt8(ascii: "{"): return try BytePairTokenizer(tokenizerJSON: bytes)
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return try WorldTokenizer(vocabulary: bytes)
    default: throw .unrecognizedFormat
    }
}

extension BytePairTokenizer {
    /// The tokenizer as a Hugging Face `tokenizer.json`; equal tokenizers give equal bytes.
    public var tokenizerJSON: [UInt8] { TokenizerJSONWriter.write(model) }

    /// Writes ``tokenizerJSON`` to a file, which is replaced in one step.
    /// - Throws: ``TokenizerError/unreadableFile(path:reason:)``
    public func write(to path: String) throws(TokenizerError) {
        do {
            try Data(tokenizerJSON).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .unreadableFile(path: path, reason: TokenizerFile.reason(error))
        }
    }
}

enum TokenizerFile {
    /// The bytes of a regular file that is not too large for a vocabulary.
    static func read(_ path: String) throws(TokenizerError) -> [UInt8] {
        let byteCount: Int
        let data: Data
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: resolved(path))
            guard attributes[.type] as? FileAttributeType == .typeRegular else {
                throw TokenizerError.unreadableFile(path: path, reason: "it is not a regular file")
            }
            byteCount = (attributes[.size] as? Int) ?? 0
            try TokenizerLimits.check(byteCount: byteCount)
            data = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .unreadableFile(path: path, reason: reason(error))
        }
        return Array(data)
    }

    /// What a file's error says, without the keys that it is made of.
    static func reason(_ error: any Error) -> String {
        switch (error as? CocoaError)?.code {
        case .fileReadNoSuchFile?, .fileNoSuchFile?: "there is no such file or folder"
        case .fileReadNoPermission?, .fileWriteNoPermission?: "permission is denied"
        case .fileWriteOutOfSpace?: "the disk is full"
        case .fileWriteVolumeReadOnly?: "the file system is read-only"
        default: "\(error)"
        }
    }

    /// The path with symbolic links followed: attributes are those of the link itself.
    private static func resolved(_ path: String) -> String {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}
