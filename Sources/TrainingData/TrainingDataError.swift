internal import Tokenizers

/// What can be wrong with a file to learn from: a case per defect.
public enum TrainingDataError: Error, Equatable, Sendable {
    // Files of lines
    /// A line holds more bytes than any document should.
    case lineTooLong(path: String, line: Int, limit: Int)
    case lineNotUTF8(path: String, line: Int)
    /// A line is not JSON, or its object is not what it should be.
    case lineInvalid(path: String, line: Int, reason: String)
    /// A JSON object has none of the members that hold text.
    case memberMissing(path: String, line: Int, needed: String)
    case turnWithoutRole(path: String, line: Int, turn: Int)
    /// A conversation in one text does not begin with the name of who speaks.
    case turnWithoutName(path: String, line: Int)
    case unknownRole(path: String, line: Int, turn: Int, role: String)
    case turnWithoutText(path: String, line: Int, turn: Int)
    case conversationEmpty(path: String, line: Int)

    // binidx
    case indexMissing(path: String)
    case notAnIndex(path: String)
    case indexVersion(path: String, version: UInt64)
    case indexType(path: String, code: UInt8)
    case indexTruncated(path: String, needed: UInt64, available: Int)
    case indexTooLong(path: String, expected: Int, found: Int)
    case sequenceSizeNegative(path: String, sequence: Int, size: Int)
    case sequenceOutsideData(path: String, sequence: Int, pointer: Int, byteCount: Int, available: Int)
    case sequencesOverlap(path: String, sequence: Int, tokenCount: Int, available: Int)
    case documentOutOfRange(path: String, document: Int, found: Int, allowed: ClosedRange<Int>)
    case tokenNotAnID(path: String, position: Int, value: Int64)
    case documentTooLong(tokenCount: Int, limit: Int)

    // Any
    case noDocuments(path: String)
    case nothingCounts(path: String)
    case changedWhileRead(path: String)
    case tokenTooLarge(token: Int32, vocabularySize: Int)
    case wrongHoldOut(found: Int, documents: Int)
}

extension TrainingDataError: CustomStringConvertible {
    public var description: String {
        lineDescription ?? indexDescription ?? otherDescription ?? "unknown defect"
    }

    private var lineDescription: String? {
        switch self {
        case .lineTooLong(let path, let line, let limit):
            "\(path), line \(line): the line is longer than \(limit) bytes"
        case .lineNotUTF8(let path, let line): "\(path), line \(line): the line is not UTF-8 text"
        case .lineInvalid(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .memberMissing(let path, let line, let needed):
            "\(path), line \(line): the object has no \(needed)"
        case .turnWithoutRole(let path, let line, let turn):
            "\(path), line \(line): turn \(turn) says no “role” (or “from”), so it is not known who speaks"
        case .turnWithoutName(let path, let line):
            "\(path), line \(line): the text does not begin with “System:”, “User:” or “Assistant:”"
        case .unknownRole(let path, let line, let turn, let role):
            "\(path), line \(line): turn \(turn) is by “\(role.prefix(40))”; known roles: "
                + ChatMessage.Role.dataSetNames.joined(separator: ", ")
        case .turnWithoutText(let path, let line, let turn):
            "\(path), line \(line): turn \(turn) has no “content” (or “value”) that is text"
        case .conversationEmpty(let path, let line): "\(path), line \(line): the conversation has no turns"
        default: nil
        }
    }

    private var indexDescription: String? {
        switch self {
        case .indexMissing(let path): "there is no “\(path)”; a binidx data set is a .bin and an .idx file of one name"
        case .notAnIndex(let path): "\(path) does not begin with “MMIDIDX”: it is no index of a binidx data set"
        case .indexVersion(let path, let version): "\(path) has version \(version) of the format; version 1 can be read"
        case .indexType(let path, let code):
            "\(path) says that tokens are of the type \(code); needed is one of whole numbers "
                + "(1 to 5 or 8: uint8, int8, int16, int32, int64, uint16)"
        case .indexTruncated(let path, let needed, let available):
            "\(path) is cut off: its counts need \(needed) bytes and it has \(available)"
        case .indexTooLong(let path, let expected, let found):
            "\(path) has \(found) bytes; its counts account for \(expected)"
        case .sequenceSizeNegative(let path, let sequence, let size):
            "\(path): sequence \(sequence) has \(size) tokens"
        case .sequenceOutsideData(let path, let sequence, let pointer, let byteCount, let available):
            "\(path): sequence \(sequence) has \(byteCount) bytes at \(pointer); the .bin file has \(available)"
        case .sequencesOverlap(let path, let sequence, let tokenCount, let available):
            "\(path): up to sequence \(sequence) there are \(tokenCount) tokens, more than the \(available) bytes of the "
                + ".bin file hold: sequences overlap"
        case .documentOutOfRange(let path, let document, let found, let allowed):
            "\(path): document \(document) begins at sequence \(found); it must be from \(allowed.lowerBound) to "
                + "\(allowed.upperBound)"
        case .tokenNotAnID(let path, let position, let value):
            "\(path): token \(position) is \(value), which is no token's number"
        case .documentTooLong(let tokenCount, let limit):
            "a document has \(tokenCount) tokens; a binidx data set holds documents of at most \(limit)"
        default: nil
        }
    }

    private var otherDescription: String? {
        switch self {
        case .noDocuments(let path): "\(path) holds no text"
        case .nothingCounts(let path):
            "\(path) has no turn of the assistant, so there is nothing to learn from it; "
                + "--data-format jsonl with a “text” member learns from everything"
        case .changedWhileRead(let path): "\(path) was changed while it was read; try again when nobody writes it"
        case .tokenTooLarge(let token, let vocabularySize):
            "the tokenizer made token \(token), outside its vocabulary of \(vocabularySize)"
        case .wrongHoldOut(0, let documents):
            "this share of the \(documents) documents is none of them: hold out more, or name a number of documents"
        case .wrongHoldOut(let found, let documents):
            "\(found) documents cannot be held out of \(documents): some of each file must be left to learn from"
        default: nil
        }
    }
}
