internal import Synchronization
public import Tokenizers

/// States in memory up to a number of bytes; the ones not used for longest go first.
///
/// Found by a hash of the tokens and confirmed by the tokens themselves, so that no state can ever be taken for
/// another's.
public final class PrefixCache: PrefixStore {
    /// The most bytes that the snapshots may take.
    public let byteLimit: Int
    private let table = Mutex(Table())

    public init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// How much the cache holds and how often it was of use.
    public struct Counts: Sendable, Equatable {
        public var entries = 0
        public var bytes = 0
        public var hits = 0
        public var misses = 0
        /// The tokens that did not have to be read again.
        public var tokensSaved = 0
    }

    public var counts: Counts { table.withLock { $0.counts } }

    /// - Complexity: O(tokens).
    public func longestPrefix(of tokens: [TokenID], in space: String) -> StateSnapshot? {
        let hashes = prefixHashes(of: tokens, in: space)
        return table.withLock { table in
            for count in stride(from: tokens.count, to: 0, by: -1) {
                guard let slot = table.slots[hashes[count - 1]] else { continue }
                for place in slot.indices where slot[place].isBeginning(count, of: tokens, in: space) {
                    let found = slot[place].snapshot
                    if count == tokens.count && found.logits == nil { continue }
                    table.touch(hashes[count - 1], place)
                    table.counts.hits += 1
                    table.counts.tokensSaved += count
                    return found
                }
            }
            table.counts.misses += 1
            return nil
        }
    }

    /// How long the beginning is that ``longestPrefix(of:in:)`` would find; 0 if there is none. Counts for nothing.
    public func longestLength(of tokens: [TokenID], in space: String) -> Int {
        let hashes = prefixHashes(of: tokens, in: space)
        return table.withLock { table in
            for count in stride(from: tokens.count, to: 0, by: -1) {
                guard let slot = table.slots[hashes[count - 1]] else { continue }
                let isThere = slot.contains { entry in
                    entry.isBeginning(count, of: tokens, in: space)
                        && (count < tokens.count || entry.snapshot.logits != nil)
                }
                if isThere { return count }
            }
            return 0
        }
    }

    /// - Complexity: O(tokens + entries).
    public func insert(_ snapshot: StateSnapshot, in space: String) {
        guard !snapshot.tokens.isEmpty, snapshot.byteCount <= byteLimit,
            let hash = prefixHashes(of: snapshot.tokens, in: space).last
        else { return }
        table.withLock { table in
            table.insert(snapshot, in: space, hash)
            while table.counts.bytes > byteLimit { table.removeOldest() }
        }
    }

    /// Forgets everything, or everything of one space.
    public func removeAll(in space: String? = nil) {
        table.withLock { table in
            for (hash, slot) in table.slots {
                for entry in slot where space == nil || entry.space == space { table.remove(entry.serial, hash) }
            }
        }
    }

    private struct Entry {
        let space: String
        var snapshot: StateSnapshot
        let serial: UInt64
        var lastUse: UInt64

        func isBeginning(_ count: Int, of tokens: [TokenID], in space: String) -> Bool {
            self.space == space && snapshot.tokens.count == count && snapshot.tokens[...] == tokens[..<count]
        }
    }

    private struct Table {
        var slots: [UInt64: [Entry]] = [:]
        var counts = Counts()
        private var clock: UInt64 = 0

        mutating func touch(_ hash: UInt64, _ place: Int) {
            clock += 1
            slots[hash]?[place].lastUse = clock
        }

        mutating func insert(_ snapshot: StateSnapshot, in space: String, _ hash: UInt64) {
            clock += 1
            let same = slots[hash]?.first { $0.isBeginning(snapshot.tokens.count, of: snapshot.tokens, in: space) }
            if let same {
                // What is there already is the same state; only logits can be new.
                guard same.snapshot.logits == nil, snapshot.logits != nil else {
                    if let place = slots[hash]?.firstIndex(where: { $0.serial == same.serial }) { touch(hash, place) }
                    return
                }
                remove(same.serial, hash)
            }
            slots[hash, default: []].append(
                Entry(space: space, snapshot: snapshot, serial: clock, lastUse: clock))
            counts.entries += 1
            counts.bytes += snapshot.byteCount
        }

        mutating func remove(_ serial: UInt64, _ hash: UInt64) {
            guard var slot = slots[hash], let place = slot.firstIndex(where: { $0.serial == serial }) else { return }
            counts.entries -= 1
            counts.bytes -= slot[place].snapshot.byteCount
            slot.remove(at: place)
            slots[hash] = slot.isEmpty ? nil : slot
        }

        mutating func removeOldest() {
            let oldest = slots.lazy.flatMap { hash, slot in slot.lazy.map { (hash, $0.serial, $0.lastUse) } }
                .min { $0.2 < $1.2 }
            guard let oldest else { return }
            remove(oldest.1, oldest.0)
        }
    }
}

/// A hash of each beginning of `tokens`: that of the first token, of the first two, and so on.
///
/// Multiplication by an odd number and a rotation, as in FxHash; equal hashes are told apart by whoever uses them.
private func prefixHashes(of tokens: [TokenID], in space: String) -> [UInt64] {
    func mixed(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        ((hash << 5 | hash >> 59) ^ value) &* 0x517c_c1b7_2722_0a95
    }
    var hash = space.utf8.reduce(0x9e37_79b9_7f4a_7c15) { mixed($0, UInt64($1)) }
    return tokens.map { token in
        hash = mixed(hash, UInt64(UInt32(bitPattern: token)))
        return hash
    }
}
