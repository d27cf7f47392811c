/// The rank of every pair of tokens that merges.
package struct MergeRanks: Sendable {
    private let ranks: [UInt64: UInt32]

    /// - Throws: ``TokenizerError/duplicateMerge(rank:)``
    package init(_ rules: [MergeRule]) throws(TokenizerError) {
        var ranks = [UInt64: UInt32](minimumCapacity: rules.count)
        for (rank, rule) in rules.enumerated() {
            let key = Self.key(rule.left, rule.right)
            guard ranks.updateValue(UInt32(rank), forKey: key) == nil else { throw .duplicateMerge(rank: rank) }
        }
        self.ranks = ranks
    }

    /// The rank of a pair; `nil` if it does not merge.
    func rank(_ left: TokenID, _ right: TokenID) -> UInt32? { ranks[Self.key(left, right)] }

    private static func key(_ left: TokenID, _ right: TokenID) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
