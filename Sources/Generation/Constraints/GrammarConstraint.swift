public import Tokenizers

/// Holds a text to a grammar, token by token: what is written, if it comes to its end, is a text of the grammar.
///
/// A text of limited length comes to its end, too, if the limit leaves room for the shortest one and every byte of UTF-8 is
/// a token, as in all vocabularies of published models.
public struct GrammarConstraint: TokenConstraint {
    private let machine: GrammarMachine
    private var configuration: GrammarAutomaton.Configuration

    /// - Parameter machine: May be shared by any number of texts.
    public init(_ machine: GrammarMachine) {
        self.machine = machine
        configuration = machine.automaton.start
    }

    /// - Throws: `GrammarError`.
    public init(_ grammar: Grammar, _ tokenizer: any Tokenizer) throws(GrammarError) {
        self.init(try GrammarMachine(grammar, TokenLexicon(tokenizer)))
    }

    public var isComplete: Bool { configuration == [[]] }

    /// Whether the text may end here.
    public var mayEnd: Bool { configuration.contains([]) }

    public mutating func mask(_ logits: inout [Float], stopTokens: Set<Int>, tokensLeft: Int) {
        let mask = machine.mask(
            configuration, tokensLeft: tokensLeft, mayStop: mayEnd && !stopTokens.isEmpty)
        for token in logits.indices {
            let isPossible = token / 64 < mask.count && mask[token / 64] >> UInt64(token % 64) & 1 == 1
            if !isPossible && !stopTokens.contains(token) { logits[token] = -.infinity }
        }
        if !mayEnd {
            for token in stopTokens where logits.indices.contains(token) { logits[token] = -.infinity }
        }
    }

    public mutating func accept(_ token: TokenID) {
        configuration = machine.advance(configuration, by: machine.lexicon.bytes(of: token))
    }
}
