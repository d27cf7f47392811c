public import Tokenizers

/// What a text must be like, told token by token: which tokens may come next.
///
/// A value: a copy goes on independently, so that several texts can begin alike.
public protocol TokenConstraint: Sendable {
    /// Whether the text is whole and nothing can follow.
    var isComplete: Bool { get }

    /// Sets the logits of tokens that cannot come next to −∞.
    /// - Parameters:
    ///   - logits: One per token of the vocabulary, `[V]`.
    ///   - stopTokens: Tokens that end the text: possible only where the text may end.
    ///   - tokensLeft: How many tokens the text may still have, the next one included. What could not be brought to an end
    ///     with them is not begun, as far as that is known.
    mutating func mask(_ logits: inout [Float], stopTokens: Set<Int>, tokensLeft: Int)

    /// Takes note of the token that was chosen; one that ``mask(_:stopTokens:tokensLeft:)`` left.
    mutating func accept(_ token: TokenID)
}

extension TokenConstraint {
    /// As ``mask(_:stopTokens:tokensLeft:)``, for a text of any length.
    public mutating func mask(_ logits: inout [Float], stopTokens: Set<Int>) {
        mask(&logits, stopTokens: stopTokens, tokensLeft: .max)
    }
}
