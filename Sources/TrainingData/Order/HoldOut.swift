/// Which documents are kept back to measure on: the same ones whenever the data are read, and however they are shuffled.
public enum HoldOut: Sendable, Equatable, Codable {
    /// About this share of the documents, from 0 to 1. A document's own tokens decide, so that documents which are
    /// appended later change nothing for those that were there.
    case share(Double)
    /// So many documents, chosen by their own tokens. Documents that are appended later may take the place of some.
    case documents(Int)

    /// “1%”, “0.5 %” or “20”; `nil` for anything else.
    public init?(_ text: String) {
        let trimmed = text.replacing(" ", with: "")
        if trimmed.hasSuffix("%") {
            guard let percent = Double(trimmed.dropLast()), percent > 0, percent < 100 else { return nil }
            self = .share(percent / 100)
        } else {
            guard let count = Int(trimmed), count > 0 else { return nil }
            self = .documents(count)
        }
    }

    /// A part of a long text that is held out alone has so many tokens.
    public static let partLength = 4096

    /// Of some stores the documents to learn from, and those that are held out.
    /// - Parameter inParts: Whether documents of more than `partLength` tokens are divided into parts of so many, so that
    ///   something can be held out of one long text. The parts that are left follow each other. One for each store.
    /// - Throws: `TrainingDataError.wrongHoldOut` if nothing is held out, or nothing of a store would be left.
    /// - Complexity: O(tokens)
    public func split(
        _ stores: [TokenStore], inParts: [Bool]
    ) throws(TrainingDataError) -> [(learnt: TokenStore, heldOut: TokenStore)] {
        precondition(stores.count == inParts.count, "it is known of each store whether it is divided")
        let units = zip(stores, inParts).map { Self.units(of: $0, inParts: $1) }
        let hashes = zip(stores, units).map { store, units in
            units.map { unit in
                var fingerprint = Fingerprint()
                store.tokens(unit).withUnsafeBytes { fingerprint.add($0) }
                return fingerprint.value
            }
        }
        let isHeldOut = choose(hashes)
        let count = isHeldOut.joined().reduce(0) { $0 + ($1 ? 1 : 0) }
        let total = units.reduce(0) { $0 + $1.count }
        guard count > 0 else { throw .wrongHoldOut(found: 0, documents: total) }
        var result: [(learnt: TokenStore, heldOut: TokenStore)] = []
        for (index, store) in stores.enumerated() {
            let held = zip(units[index], isHeldOut[index])
            let learnt = held.filter { !$0.1 }.map(\.0)
            guard !learnt.isEmpty else { throw .wrongHoldOut(found: count, documents: total) }
            result.append((store.selecting(learnt), store.selecting(held.filter(\.1).map(\.0))))
        }
        return result
    }

    private func choose(_ hashes: [[UInt64]]) -> [[Bool]] {
        switch self {
        case .share(let share):
            let limit = share * 0x1p64
            return hashes.map { $0.map { Double($0) < limit } }
        case .documents(let count):
            let all = hashes.enumerated().flatMap { store, own in
                own.enumerated().map { (hash: $0.element, store: store, unit: $0.offset) }
            }
            var chosen = hashes.map { $0.map { _ in false } }
            let sorted = all.sorted { ($0.hash, $0.store, $0.unit) < ($1.hash, $1.store, $1.unit) }
            for unit in sorted.prefix(count) { chosen[unit.store][unit.unit] = true }
            return chosen
        }
    }

    private static func units(of store: TokenStore, inParts: Bool) -> [Range<Int>] {
        (0..<store.documentCount).flatMap { index in
            let document = store.document(index)
            if document.isEmpty { return [Range<Int>]() }
            guard inParts else { return [document] }
            return stride(from: document.lowerBound, to: document.upperBound, by: partLength).map {
                $0..<min($0 + partLength, document.upperBound)
            }
        }
    }
}
