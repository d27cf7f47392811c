/// Bounds that keep a file from asking for more memory than its size justifies.
enum TokenizerLimits {
    /// Twice the size of the largest `tokenizer.json` in use (256 thousand tokens, 33 MB).
    static let maximumFileSize = 64 << 20

    static func check(byteCount: Int) throws(TokenizerError) {
        if byteCount > maximumFileSize { throw .fileTooLarge(byteCount: byteCount, limit: maximumFileSize) }
    }

    /// Ids are below this: a token takes more than one byte of the file, and small files may leave out ids.
    static func identifierLimit(byteCount: Int) -> Int { max(1 << 20, byteCount) }
}
