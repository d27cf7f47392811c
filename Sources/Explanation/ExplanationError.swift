/// Why a text cannot be explained.
public enum ExplanationError: Error, Equatable, Sendable {
    case noTokens
    case tooManyTokens(found: Int, limit: Int)
    case outside(what: String, found: Int, count: Int)
    case unknownArchitecture(String)
}

extension ExplanationError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noTokens: "the text is empty; a page needs at least one token"
        case .tooManyTokens(let found, let limit):
            "the text has \(found) tokens; a page can show at most \(limit), so give a shorter text"
        case .outside(let what, let found, let count):
            "there is no \(what) \(found); they are numbered from 0 to \(count - 1)"
        case .unknownArchitecture(let name): "models of the architecture “\(name)” cannot be explained"
        }
    }
}
