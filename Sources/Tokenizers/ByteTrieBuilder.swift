/// Places the nodes of a ``ByteTrie`` into slots.
///
/// The keys are sorted, so that the keys below a node are one range; nodes are placed breadth first, each in the first
/// free slots that suit all its children. Only the newest blocks are searched, and only a few places in them: building
/// stays linear whatever the keys, at the price of some slots that stay empty.
struct ByteTrieBuilder {
    private static let blockSize = 256
    private static let openBlocks = 16
    private static let maximumTries = 96

    private let keys: [(bytes: [UInt8], token: TokenID)]
    /// Indices into `keys`, in the order of the keys' bytes.
    private var order: [Int] = []
    private var slots: [ByteTrie.Slot] = []
    /// The free slots of the open blocks, a ring of links through slot 0, which is never free.
    private var nextFree: [Int] = []
    private var previousFree: [Int] = []

    /// A node that has its slot, and whose keys share their first `depth` bytes.
    private struct Pending {
        let slot: Int
        let range: Range<Int>
        let depth: Int
    }

    init(_ keys: [(bytes: [UInt8], token: TokenID)]) {
        self.keys = keys
    }

    mutating func build() throws(ByteTrie.DuplicateKey) -> [ByteTrie.Slot] {
        sortKeys()
        addBlock()
        takeFree(0)
        var queue = [Pending(slot: 0, range: 0..<keys.count, depth: 0)]
        var head = 0
        while head < queue.count {
            let node = queue[head]
            head += 1
            let below = try takeKeysEnding(at: node)
            if !below.isEmpty { placeChildren(of: node, keys: below, queue: &queue) }
        }
        return slots
    }

    /// Sorts by the first eight bytes as one number, which settles almost all comparisons.
    private mutating func sortKeys() {
        let prefixed = keys.indices.map { index in
            let bytes = keys[index].bytes
            var prefix: UInt64 = 0
            for position in 0..<8 {
                prefix = prefix << 8 | UInt64(position < bytes.count ? bytes[position] : 0)
            }
            return (prefix: prefix, index: index)
        }
        order = prefixed.sorted { [keys] left, right in
            if left.prefix != right.prefix { return left.prefix < right.prefix }
            let (a, b) = (keys[left.index].bytes, keys[right.index].bytes)
            if a == b { return left.index < right.index }
            return a.lexicographicallyPrecedes(b)
        }.map(\.index)
    }

    /// Records the token of the key that ends here, and returns the keys that go on.
    private mutating func takeKeysEnding(at node: Pending) throws(ByteTrie.DuplicateKey) -> Range<Int> {
        var range = node.range
        while let first = range.first, keys[order[first]].bytes.count == node.depth {
            if first > node.range.lowerBound {
                throw ByteTrie.DuplicateKey(first: order[first - 1], second: order[first])
            }
            if node.depth > 0 { slots[node.slot].token = keys[order[first]].token }
            range = (first + 1)..<range.upperBound
        }
        return range
    }

    private mutating func placeChildren(of node: Pending, keys range: Range<Int>, queue: inout [Pending]) {
        var labels: [UInt8] = []
        var starts: [Int] = []
        for position in range {
            let byte = keys[order[position]].bytes[node.depth]
            if byte != labels.last {
                labels.append(byte)
                starts.append(position)
            }
        }
        let base = findBase(for: labels)
        slots[node.slot].base = UInt32(base)
        for (child, label) in labels.enumerated() {
            let slot = base ^ Int(label)
            takeFree(slot)
            slots[slot].parent = UInt32(node.slot)
            let end = child + 1 < starts.count ? starts[child + 1] : range.upperBound
            queue.append(Pending(slot: slot, range: starts[child]..<end, depth: node.depth + 1))
        }
    }

    /// A base for which all slots `base XOR label` are free.
    private mutating func findBase(for labels: [UInt8]) -> Int {
        let first = Int(labels[0])
        var candidate = nextFree[0]
        var tries = 0
        while candidate != 0, tries < Self.maximumTries {
            let base = candidate ^ first
            if labels.allSatisfy({ isFree(base ^ Int($0)) }) { return base }
            candidate = nextFree[candidate]
            tries += 1
        }
        let start = slots.count
        addBlock()
        return start
    }

    private func isFree(_ slot: Int) -> Bool { slot != 0 && nextFree[slot] >= 0 }

    private mutating func addBlock() {
        let start = slots.count
        let closing = start - Self.openBlocks * Self.blockSize
        if closing >= 0 {
            for slot in closing..<(closing + Self.blockSize) where isFree(slot) { takeFree(slot) }
        }
        slots += repeatElement(ByteTrie.Slot(), count: Self.blockSize)
        nextFree += repeatElement(0, count: Self.blockSize)
        previousFree += repeatElement(0, count: Self.blockSize)
        for slot in max(start, 1)..<slots.count {
            let last = previousFree[0]
            nextFree[last] = slot
            previousFree[slot] = last
            nextFree[slot] = 0
            previousFree[0] = slot
        }
    }

    /// Takes a slot out of the ring; slot 0, which holds the ring together, stays.
    private mutating func takeFree(_ slot: Int) {
        guard isFree(slot) else { return }
        nextFree[previousFree[slot]] = nextFree[slot]
        previousFree[nextFree[slot]] = previousFree[slot]
        nextFree[slot] = -1
    }
}
