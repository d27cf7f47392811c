/// What is wrong with a grammar or a JSON schema.
public enum GrammarError: Error, Equatable, Sendable {
    /// The text of a grammar breaks off or has something unexpected.
    case syntax(line: Int, found: String, needed: String)
    case missingRule(name: String)
    case duplicateRule(name: String)
    /// A rule that begins with itself would never end.
    case leftRecursion(rule: String)
    /// More states than are allowed, for example because of a large repetition.
    case tooLarge(limit: Int)
    /// A keyword of JSON Schema that restricts values in a way that is not supported.
    case unsupportedKeyword(keyword: String, path: String)
    /// A part of a schema is not what JSON Schema says it must be.
    case invalidSchema(path: String, needed: String)
    /// A reference that does not lead to a part of the schema.
    case unresolvedReference(reference: String)
}

extension GrammarError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .syntax(let line, let found, let needed):
            "line \(line) of the grammar has \(found) where \(needed) was needed"
        case .missingRule(let name): "the grammar has no rule “\(name)”"
        case .duplicateRule(let name): "the grammar has two rules “\(name)”"
        case .leftRecursion(let rule): "the rule “\(rule)” begins with itself, so it would never end"
        case .tooLarge(let limit): "the grammar needs more than \(limit) states"
        case .unsupportedKeyword(let keyword, let path):
            "“\(keyword)” at \(path) of the schema is not supported"
        case .invalidSchema(let path, let needed): "\(path) of the schema must be \(needed)"
        case .unresolvedReference(let reference): "“\(reference)” is nowhere in the schema"
        }
    }
}
