/// With how many tokens a text of a grammar can be brought to its end, from every place in it.
///
///     n(end) = 0,   n(split) = min n(way),   n(call) = n(rule) + n(next),
///     n(byte) = 1 + min n(m) over the tokens whose bytes are the only way from there to m
///
/// where a byte of which there is a choice takes a token of its own. So many tokens are always enough; sometimes fewer are,
/// because tokens that reach from one rule into the next are not looked for.
struct CompletionLengths: Sendable {
    /// The number of a place from which no end is known.
    static let unknown = 1 << 30
    /// Each pass carries the numbers through one more level of rules; a grammar that is deeper gets larger ones.
    private static let passLimit = 100
    /// Longer tokens are not looked for.
    private static let tokenLimit = 16

    /// For every node, the tokens up to the end of its rule.
    private var lengths: [Int]

    /// - Complexity: O(nodes · (bytes of a token · log V + levels of rules)).
    init(_ automaton: GrammarAutomaton, _ lexicon: TokenLexicon) {
        let nodes = automaton.nodes
        lengths = [Int](repeating: Self.unknown, count: nodes.count)
        // Without them a text may have to stop in the midst of a character.
        guard lexicon.hasAllBytes else { return }
        let jumps = nodes.indices.map { Self.jumps(from: $0, nodes, lexicon) }
        for _ in 0..<Self.passLimit {
            var isChanged = false
            for place in nodes.indices {
                let length =
                    switch nodes[place] {
                    case .end: 0
                    case .split(let ways): ways.reduce(Self.unknown) { min($0, lengths[$1]) }
                    case .call(let rule, let next): lengths[automaton.starts[rule]] + lengths[next]
                    case .byte: jumps[place].reduce(Self.unknown) { min($0, 1 + lengths[$1]) }
                    }
                if length < lengths[place] {
                    lengths[place] = length
                    isChanged = true
                }
            }
            if !isChanged { break }
        }
    }

    /// The tokens with which a text at this place can be ended; `unknown` or more if that is not known.
    func callAsFunction(_ configuration: GrammarAutomaton.Configuration) -> Int {
        configuration.reduce(Self.unknown) { least, stack in
            min(least, stack.reduce(0) { min(Self.unknown, $0 + lengths[Int($1)]) })
        }
    }

    /// Where one token can lead from a byte node.
    private static func jumps(
        from place: Int, _ nodes: [GrammarAutomaton.Node], _ lexicon: TokenLexicon
    ) -> [Int] {
        guard case .byte(let first, let second) = nodes[place] else { return [] }
        var found = [second]
        guard first.count == 1 else { return found }
        var (range, next) = (lexicon.entries(having: first.lowerBound, at: 0, of: lexicon.tokens.indices), second)
        var depth = 1
        while depth < tokenLimit, !range.isEmpty, case .byte(let bytes, let after) = nodes[next], bytes.count == 1 {
            range = lexicon.entries(having: bytes.lowerBound, at: depth, of: range)
            depth += 1
            if let entry = range.first, lexicon.count(of: entry) == depth { found.append(after) }
            next = after
        }
        return found
    }
}
