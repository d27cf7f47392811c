/// Finds the longest of many byte strings that begins at a place.
///
/// A double-array trie: the child of the node in slot `s` along byte `b` is slot `base[s] XOR b`, if that slot says
/// that its parent is `s`. One step is thus one load, and the slots of many nodes interleave, so that the 65 thousand
/// tokens of the World vocabulary need about 2 MB. (J. Aoe, “An Efficient Digital Search Algorithm by Using a
/// Double-Array Structure”, 1989.)
package struct ByteTrie: Sendable {
    /// A place for one node.
    struct Slot: Sendable {
        var base: UInt32 = 0
        /// The slot of the parent; `.max` while the slot is free, and for the root.
        var parent: UInt32 = .max
        /// The token that ends at this node, or -1.
        var token: TokenID = -1
    }

    /// Two keys are equal; the payload holds their indices.
    package struct DuplicateKey: Error, Equatable {
        let first: Int
        let second: Int

        package init(first: Int, second: Int) { (self.first, self.second) = (first, second) }
    }

    /// The root is slot 0. The count is a multiple of 256, so that `base XOR byte` is always inside.
    private let slots: [Slot]

    /// A trie over the given keys. Empty keys are not found by ``longestMatch(in:from:to:)``.
    /// - Complexity: O(n log n + total length).
    package init(_ keys: [(bytes: [UInt8], token: TokenID)]) throws(DuplicateKey) {
        var builder = ByteTrieBuilder(keys)
        slots = try builder.build()
    }

    /// The longest key that `bytes` holds from `start` on, and where it ends.
    /// - Complexity: O(length of the longest key that matches).
    @inline(__always)
    package func longestMatch(in bytes: [UInt8], from start: Int, to end: Int) -> (token: TokenID, end: Int)? {
        var slot = 0
        var token: TokenID = -1
        var tokenEnd = start
        var index = start
        while index < end {
            let next = Int(slots[slot].base) ^ Int(bytes[index])
            let candidate = slots[next]
            guard candidate.parent == UInt32(truncatingIfNeeded: slot) else { break }
            slot = next
            index += 1
            if candidate.token >= 0 {
                token = candidate.token
                tokenEnd = index
            }
        }
        return token < 0 ? nil : (token, tokenEnd)
    }
}
