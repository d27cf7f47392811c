/// What can be wrong with a vocabulary, a tokenizer file or the options of a training.
public enum TokenizerError: Error, Equatable, Sendable {
    /// The file cannot be opened, read or written.
    case unreadableFile(path: String, reason: String)
    /// The file is larger than any vocabulary.
    case fileTooLarge(byteCount: Int, limit: Int)
    /// The file is neither a World vocabulary nor a `tokenizer.json`.
    case unrecognizedFormat

    /// A line of a World vocabulary is wrong.
    case invalidLine(line: Int, defect: VocabularyLineDefect)
    /// The vocabulary has no token for a byte, so that some text could not be encoded.
    case missingByteToken(UInt8)

    /// The file is not JSON, or has a number that its place does not allow.
    case invalidJSON(reason: String)
    /// A part of the JSON file that must be there is not.
    case missingPart(String)
    /// A part of the JSON file is of the wrong kind.
    case wrongKind(part: String, expected: String)
    /// The file asks for something that this tokenizer does not do.
    case unsupported(part: String, found: String, supported: String)
    /// An id is negative, or too large for a file of this size.
    case tokenIDOutOfRange(token: String, id: Int, limit: Int)
    /// Two tokens have the same id.
    case duplicateTokenID(id: TokenID, first: String, second: String)
    /// A token appears twice, or once in the vocabulary and once, under another id, among the added tokens.
    case duplicateToken(String)
    /// A token stands for no text.
    case emptyToken(id: Int)
    /// A merge is not a pair of tokens.
    case malformedMerge(rank: Int)
    /// A merge names a token, or makes one, that the vocabulary does not have.
    case mergeOfUnknownToken(rank: Int, token: String)
    /// The same merge is listed twice.
    case duplicateMerge(rank: Int)

    /// The vocabulary that was asked for cannot hold the special tokens and the 256 bytes.
    case vocabularySizeOutOfRange(size: Int, allowed: ClosedRange<Int>)
    /// A pair cannot be asked to occur less than once.
    case invalidPairFrequency(Int)
}

/// What can be wrong with one line, `id literal length`, of a World vocabulary.
public enum VocabularyLineDefect: Error, Equatable, Sendable {
    /// The line does not have its three fields.
    case missingField
    /// The first field is not a decimal number.
    case invalidTokenID(String)
    /// The id is below 1 (0 is the end of text) or too large for a file of this size.
    case tokenIDOutOfRange(id: Int, limit: Int)
    /// An earlier line has the same id.
    case duplicateTokenID(TokenID)
    /// The literal is not one that Python prints.
    case invalidLiteral(reason: String)
    /// The third field is not a decimal number.
    case invalidLength(String)
    /// The literal has another length in bytes than the third field says.
    case lengthMismatch(declared: Int, found: Int)
    /// The literal is empty.
    case emptyToken
    /// An earlier line has the same token.
    case duplicateToken(firstLine: Int)
}

extension TokenizerError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadableFile(let path, let reason):
            "“\(path)” cannot be used: \(reason)"
        case .fileTooLarge(let byteCount, let limit):
            "the file has \(byteCount) bytes; a vocabulary has at most \(limit)"
        case .unrecognizedFormat:
            "the file is neither a World vocabulary (lines “id literal length”) nor a tokenizer.json"
        case .invalidLine(let line, let defect):
            "line \(line) of the vocabulary: \(defect)"
        case .missingByteToken(let byte):
            "the vocabulary has no token for the byte \(byte), so that text with it cannot be encoded"
        case .invalidJSON(let reason):
            "the file is not JSON, or has a number that is no integer of 64 bits: \(reason)"
        case .missingPart(let part):
            "the file has no “\(part)”"
        case .wrongKind(let part, let expected):
            "“\(part)” is not \(expected)"
        case .unsupported(let part, let found, let supported):
            "“\(part)” is \(found); supported: \(supported)"
        case .tokenIDOutOfRange(let token, let id, let limit):
            "the token “\(token)” has the id \(id); ids in this file must be at least 0 and below \(limit)"
        case .duplicateTokenID(let id, let first, let second):
            "the id \(id) belongs to “\(first)” and to “\(second)”"
        case .duplicateToken(let token):
            "the token “\(token)” is listed twice"
        case .emptyToken(let id):
            "the token \(id) is empty"
        case .malformedMerge(let rank):
            "merge \(rank) is not a pair of tokens"
        case .mergeOfUnknownToken(let rank, let token):
            "merge \(rank) needs the token “\(token)”, which the vocabulary does not have"
        case .duplicateMerge(let rank):
            "merge \(rank) is listed twice"
        case .vocabularySizeOutOfRange(let size, let allowed):
            "a vocabulary of \(size) tokens was asked for; possible are \(allowed.lowerBound) to \(allowed.upperBound)"
        case .invalidPairFrequency(let frequency):
            "the least frequency of a pair is \(frequency); it must be at least 1"
        }
    }
}

extension VocabularyLineDefect: CustomStringConvertible {
    public var description: String {
        switch self {
        case .missingField: "“id literal length” was expected"
        case .invalidTokenID(let found): "the id “\(found)” is not a number"
        case .tokenIDOutOfRange(let id, let limit): "the id \(id) is not from 1 up to \(limit - 1)"
        case .duplicateTokenID(let id): "the id \(id) was given before"
        case .invalidLiteral(let reason): "the literal is wrong: \(reason)"
        case .invalidLength(let found): "the length “\(found)” is not a number"
        case .lengthMismatch(let declared, let found): "the literal has \(found) bytes; the line says \(declared)"
        case .emptyToken: "the literal is empty"
        case .duplicateToken(let firstLine): "the token was given before, on line \(firstLine)"
        }
    }
}
