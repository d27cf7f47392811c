internal import Synchronization

/// A number of tokens that several threads add to.
final class TokenCount: Sendable {
    private let number = Atomic<Int>(0)

    func add(_ count: Int) { number.add(count, ordering: .relaxed) }

    var value: Int { number.load(ordering: .relaxed) }
}
