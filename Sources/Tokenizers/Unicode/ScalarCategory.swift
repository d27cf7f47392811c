/// The four kinds of characters that the word pattern of byte-level BPE tells apart.
///
/// Letters and numbers are those of Unicode 16, which the regular expressions of Hugging Face's tokenizers know (0.23);
/// younger ones count as other characters, so that a newer standard library does not change the tokens of a text.
enum ScalarCategory: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `\s`, which is the property White_Space.
    case space
    /// `[^\s\p{L}\p{N}]`; bytes that are not UTF-8 count as this.
    case other

    /// The category of every scalar below U+10000: asking the standard library each time costs a search.
    static let table: [ScalarCategory] = (0..<0x10000).map { Unicode.Scalar($0).map(Self.init) ?? .other }

    init(_ scalar: Unicode.Scalar) {
        if scalar.properties.isWhitespace {
            self = .space
            return
        }
        let isKnown = (scalar.properties.age?.major ?? .max) <= 16
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = isKnown ? .letter : .other
        case .decimalNumber, .letterNumber, .otherNumber:
            self = isKnown ? .number : .other
        default:
            self = .other
        }
    }
}
