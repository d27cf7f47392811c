/// A set of texts, given by rules that may call one another.
///
/// Made from GBNF (``init(gbnf:)``), a JSON schema (``init(jsonSchema:)``) or as all JSON objects (``jsonObject``).
public struct Grammar: Sendable, Hashable {
    /// What a part of a text may be.
    indirect enum Pattern: Sendable, Hashable {
        case text(String)
        /// One Unicode scalar of these ranges.
        case scalars([ClosedRange<UInt32>])
        case sequence([Pattern])
        case choice([Pattern])
        /// At least `min` and at most `max` times; any number if `max` is `nil`.
        case repeated(Pattern, min: Int, max: Int?)
        case rule(String)

        static func optional(_ pattern: Pattern) -> Pattern { .repeated(pattern, min: 0, max: 1) }
    }

    var rules: [String: Pattern]
    /// The rule that the whole text must follow.
    var root: String
}
