/// Two neighbouring tokens that become one. A rule's place in the list is its rank: lower ranks are applied first.
package struct MergeRule: Sendable, Equatable {
    package let left: TokenID
    package let right: TokenID
    package let result: TokenID

    package init(left: TokenID, right: TokenID, result: TokenID) {
        (self.left, self.right, self.result) = (left, right, result)
    }
}

/// A token that is found in the text as it stands, before words are split.
package struct AddedToken: Sendable, Equatable {
    let token: TokenID
    /// UTF-8
    let content: [UInt8]
    /// Whether it marks structure (end of text, padding) and is not text.
    let isSpecial: Bool
    /// Whether it is looked for after the text is normalised, or before.
    let isNormalized: Bool
    /// Whether the vocabulary of the model lists it as well.
    let isInVocabulary: Bool
}

/// What a `tokenizer.json` of a byte-level BPE says: the meaning of a ``BytePairTokenizer``.
package struct BytePairModel: Sendable {
    /// The bytes of each token, added ones included.
    let tokens: TokenTable
    /// In order of rank.
    package let rules: [MergeRule]
    package let addedTokens: [AddedToken]
    /// The token of each single byte; -1 where there is none. Only bytes that occur in no UTF-8 text may lack one.
    package let byteTokens: [TokenID]
    let normalizesToNFC: Bool
    /// Whether text that does not begin with a blank is given one.
    package let addsPrefixSpace: Bool
}
