/// A grammar as a pushdown automaton over bytes.
///
/// A configuration is a stack of nodes; a text is possible as long as some stack is left. Rules that end with a call do
/// not leave anything behind on the stack, so that lists may be as long as they like.
struct GrammarAutomaton: Sendable {
    enum Node: Sendable {
        case byte(ClosedRange<UInt8>, next: Int)
        /// Goes through a rule and then on.
        case call(rule: Int, next: Int)
        case split([Int])
        /// The end of a rule.
        case end
    }

    /// Stacks, the top last; each top is a byte node. An empty stack is the end of the text.
    typealias Configuration = Set<[Int32]>

    static let nodeLimit = 100_000
    /// Of an ambiguous grammar, not all ways are followed: the texts that are left are still of the grammar.
    static let stackLimit = 512
    static let depthLimit = 1000

    private(set) var nodes: [Node] = [.end]
    /// Where each rule begins.
    private(set) var starts: [Int] = []
    private var numbers: [String: Int] = [:]
    private let root: Int

    /// - Throws: `GrammarError`: `missingRule`, `leftRecursion`, `tooLarge`.
    init(_ grammar: Grammar) throws(GrammarError) {
        let names = grammar.rules.keys.sorted()
        numbers = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        guard let root = numbers[grammar.root] else { throw .missingRule(name: grammar.root) }
        self.root = root
        for name in names {
            guard let pattern = grammar.rules[name] else { continue }
            starts.append(try compile(pattern, next: 0))
        }
        try checkRecursion(names)
    }

    /// Where a text begins.
    var start: Configuration {
        var found: Configuration = []
        close(Int32(starts[root]), [], into: &found)
        return found
    }

    /// What is left after one more byte; nothing if it cannot come next.
    func advance(_ configuration: Configuration, by byte: UInt8) -> Configuration {
        var found: Configuration = []
        for stack in configuration {
            guard let top = stack.last, case .byte(let range, let next) = nodes[Int(top)], range.contains(byte) else {
                continue
            }
            close(Int32(next), Array(stack.dropLast()), into: &found)
        }
        return found
    }

    /// Follows everything that takes no byte.
    private func close(_ node: Int32, _ below: [Int32], into found: inout Configuration) {
        var open: [(node: Int32, below: [Int32])] = [(node, below)]
        var seen: Set<[Int32]> = []
        while let (node, below) = open.popLast() {
            guard seen.insert(below + [node]).inserted, found.count < Self.stackLimit, below.count < Self.depthLimit
            else { continue }
            switch nodes[Int(node)] {
            case .byte: found.insert(below + [node])
            case .split(let ways): open += ways.map { (Int32($0), below) }
            case .call(let rule, let next):
                let isLast = if case .end = nodes[next] { true } else { false }
                open.append((Int32(starts[rule]), isLast ? below : below + [Int32(next)]))
            case .end:
                if let next = below.last { open.append((next, Array(below.dropLast()))) } else { found.insert([]) }
            }
        }
    }

    private mutating func add(_ node: Node) throws(GrammarError) -> Int {
        guard nodes.count < Self.nodeLimit else { throw .tooLarge(limit: Self.nodeLimit) }
        nodes.append(node)
        return nodes.count - 1
    }

    /// - Returns: The node at which the pattern begins, if `next` follows it.
    private mutating func compile(_ pattern: Grammar.Pattern, next: Int) throws(GrammarError) -> Int {
        switch pattern {
        case .text(let text):
            var next = next
            for byte in text.utf8.reversed() { next = try add(.byte(byte...byte, next: next)) }
            return next
        case .scalars(let ranges):
            var ways: [Int] = []
            for range in ranges {
                for sequence in utf8Sequences(range) {
                    var node = next
                    for bytes in sequence.reversed() { node = try add(.byte(bytes, next: node)) }
                    ways.append(node)
                }
            }
            return try add(.split(ways))
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next: next) }
            return next
        case .choice(let parts):
            var ways: [Int] = []
            for part in parts { ways.append(try compile(part, next: next)) }
            return try add(.split(ways))
        case .repeated(let part, let min, let max):
            var node = next
            if let max {
                for _ in 0..<Swift.max(0, max - min) {
                    let again = try compile(part, next: node)
                    node = try add(.split([again, next]))
                }
            } else {
                node = try add(.split([]))
                nodes[node] = .split([try compile(part, next: node), next])
            }
            for _ in 0..<min { node = try compile(part, next: node) }
            return node
        case .rule(let name):
            guard let rule = numbers[name] else { throw .missingRule(name: name) }
            return try add(.call(rule: rule, next: next))
        }
    }

    /// Throws if a rule can come back to itself without a byte in between.
    private func checkRecursion(_ names: [String]) throws(GrammarError) {
        let nullable = nullableRules()
        // Which rules are called before the first byte of each.
        let calls = starts.map { start in
            var (open, seen, called) = ([start], Set<Int>(), Set<Int>())
            while let node = open.popLast() {
                guard seen.insert(node).inserted else { continue }
                switch nodes[node] {
                case .byte, .end: break
                case .split(let ways): open += ways
                case .call(let rule, let next):
                    called.insert(rule)
                    if nullable.contains(rule) { open.append(next) }
                }
            }
            return called
        }
        for rule in starts.indices {
            var (open, seen) = (Array(calls[rule]), Set<Int>())
            while let other = open.popLast() {
                if other == rule { throw .leftRecursion(rule: names[rule]) }
                if seen.insert(other).inserted { open += calls[other] }
            }
        }
    }

    /// The rules that may be empty.
    private func nullableRules() -> Set<Int> {
        var nullable: Set<Int> = []
        while true {
            let before = nullable.count
            for rule in starts.indices where !nullable.contains(rule) {
                var (open, seen) = ([starts[rule]], Set<Int>())
                while let node = open.popLast() {
                    guard seen.insert(node).inserted else { continue }
                    switch nodes[node] {
                    case .byte: break
                    case .end: nullable.insert(rule)
                    case .split(let ways): open += ways
                    case .call(let called, let next): if nullable.contains(called) { open.append(next) }
                    }
                }
            }
            if nullable.count == before { return nullable }
        }
    }
}
