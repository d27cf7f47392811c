/// How long the loops of each op take. What a forward call takes besides is the price of everything around the kernels.
///
/// Two clock readings and an entry in a table are added to every op, so a call that is profiled takes longer than one that is
/// not: what passes outside of the ops is the time of a call without a profile less the ops' sum, not that of this one.
public final class OpProfile {
    /// What one op has taken.
    public struct Entry: Sendable {
        /// The method of `Tape`, without its parameters.
        public let op: String
        public fileprivate(set) var calls: Int
        public fileprivate(set) var seconds: Double
    }

    // By the address of the name: one for each op.
    private var found: [UnsafePointer<UInt8>: Entry] = [:]

    public init() {}

    /// Forgets what it has seen.
    public func reset() { found = [:] }

    /// The ops, those that took longest first, without what the clock takes to be read.
    public var entries: [Entry] {
        let clock = Self.secondsOfNothing
        return Dictionary(grouping: found.values, by: \.op)
            .map { op, parts in
                let calls = parts.reduce(0) { $0 + $1.calls }
                let seconds = parts.reduce(0) { $0 + $1.seconds } - Double(calls) * clock
                return Entry(op: op, calls: calls, seconds: max(0, seconds))
            }
            .sorted { ($0.seconds, $1.op) > ($1.seconds, $0.op) }
    }

    /// Runs `body` and adds its time to that of `op`, which is a method's name with its parameters.
    func time(_ op: StaticString, _ body: () -> Void) {
        let began = monotonicTime()
        body()
        let taken = monotonicTime() - began
        let entry = Entry(op: "", calls: 0, seconds: 0)
        found[op.utf8Start, default: entry].add(taken, op)
    }

    /// What an op that does nothing seems to take.
    private static var secondsOfNothing: Double {
        let trial = OpProfile()
        let count = 1000
        for _ in 0..<count { trial.time(#function) {} }
        return trial.found.values.reduce(0) { $0 + $1.seconds } / Double(count)
    }
}

extension OpProfile.Entry {
    fileprivate mutating func add(_ taken: Double, _ name: StaticString) {
        if calls == 0 { self = .init(op: String("\(name)".prefix { $0 != "(" }), calls: 0, seconds: 0) }
        calls += 1
        seconds += taken
    }
}
