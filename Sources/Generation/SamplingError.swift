/// What can be wrong with a sampler's parameters, its logits or its stop sequences.
public enum SamplingError: Error, Equatable {
    /// A number in the parameters lies outside the range in which it has a meaning.
    case parameterOutOfRange(name: String, found: Double, needed: String)
    /// A list in the parameters names a token that cannot exist, since ids start at 0.
    case negativeToken(list: String, token: Int)
    /// A token named by the caller does not exist in the vocabulary that the logits are over.
    case tokenOutsideVocabulary(token: Int, vocabularySize: Int)
    /// The model computed no number for this token.
    case notANumber(token: Int)
    /// The model's number for this token overflowed, so that no distribution can be made of it.
    case positiveInfinity(token: Int)
    /// There are no logits, or all of them are −∞: the model or the list of bans excludes every token.
    case noTokenPossible(vocabularySize: Int)
    /// A stop sequence without bytes would match before the first byte.
    case emptyStopSequence(index: Int)
}

extension SamplingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .parameterOutOfRange(let name, let found, let needed): "\(name) is \(found); it must be \(needed)"
        case .negativeToken(let list, let token): "\(list) names token \(token); ids start at 0"
        case .tokenOutsideVocabulary(let token, let size):
            "token \(token) was named, but the logits are over \(size) tokens: ids must be below \(size)"
        case .notANumber(let token): "the logit of token \(token) is not a number"
        case .positiveInfinity(let token): "the logit of token \(token) is +∞; logits must be finite or −∞"
        case .noTokenPossible(let size):
            size == 0 ? "there are no logits to sample from" : "all \(size) logits are −∞: no token is left to sample"
        case .emptyStopSequence(let index): "stop sequence \(index) is empty; each needs at least one byte"
        }
    }
}
