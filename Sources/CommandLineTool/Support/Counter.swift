internal import Synchronization

/// A number that one thread adds to and another reads.
final class Counter: Sendable {
    private let number = Atomic<Int>(0)

    func add() { number.add(1, ordering: .relaxed) }

    var value: Int { number.load(ordering: .relaxed) }
}
