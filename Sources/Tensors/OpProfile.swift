/// How long the loops of each op take. What a forward call takes besides is the price of everything around the kernels.
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

    /// About how many seconds the measuring itself has taken outside of the ops.
    public var cost: Double {
        let trial = OpProfile()
        let began = monotonicTime()
        for _ in 0..<1000 { trial.time(#function) {} }
        let each = (monotonicTime() - began - trial.seconds) / 1000
        return each * Double(found.values.reduce(0) { $0 + $1.calls })
    }

    /// The ops, those that took longest first.
    public var entries: [Entry] {
        Dictionary(grouping: found.values, by: \.op)
            .map { op, parts in
                Entry(op: op, calls: parts.reduce(0) { $0 + $1.calls }, seconds: parts.reduce(0) { $0 + $1.seconds })
            }
            .sorted { ($0.seconds, $1.op) > ($1.seconds, $0.op) }
    }

    /// The sum over all ops.
    public var seconds: Double { found.values.reduce(0) { $0 + $1.seconds } }

    /// Runs `body` and adds its time to that of `op`, which is a method's name with its parameters.
    func time(_ op: StaticString, _ body: () -> Void) {
        let began = monotonicTime()
        body()
        let taken = monotonicTime() - began
        let entry = Entry(op: "", calls: 0, seconds: 0)
        found[op.utf8Start, default: entry].add(taken, op)
    }
}

extension OpProfile.Entry {
    fileprivate mutating func add(_ taken: Double, _ name: StaticString) {
        if calls == 0 { self = .init(op: String("\(name)".prefix { $0 != "(" }), calls: 0, seconds: 0) }
        calls += 1
        seconds += taken
    }
}
