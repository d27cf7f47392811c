public import Tokenizers

/// States of texts read before, found by the tokens that they have seen.
///
/// A *space* is everything else that a state depends on: the weights and the first state. Two texts may share a state
/// only within one space.
public protocol PrefixStore: Sendable {
    /// The snapshot whose tokens are the longest beginning of `tokens`.
    ///
    /// One that has seen all of them is of use only if it has logits, and is left out otherwise.
    func longestPrefix(of tokens: [TokenID], in space: String) -> StateSnapshot?

    /// Keeps a snapshot, as long as there is room.
    func insert(_ snapshot: StateSnapshot, in space: String)
}
