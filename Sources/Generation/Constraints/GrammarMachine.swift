internal import Synchronization

/// A grammar over a vocabulary: which tokens may come next, remembered for every configuration that has been met.
///
/// Configurations and what a byte makes of them are found when they are first needed (a lazy automaton without stacks), so
/// that in the midst of a long string the next tokens are known already. One machine may serve many texts at once.
public final class GrammarMachine: Sendable {
    /// A place in a text, as the number of a configuration; of no meaning after the table was cleared.
    private struct Tables {
        var configurations: [GrammarAutomaton.Configuration] = []
        var numbers: [GrammarAutomaton.Configuration: Int32] = [:]
        /// For each configuration and byte, the next one; −1 if there is none, −2 if it is not known yet.
        var next: [Int32] = []
        /// For each configuration, the tokens with which the text can be ended.
        var lengths: [Int] = []
        var masks: [Int32: Mask] = [:]
    }

    /// The tokens that may come next, a bit for each.
    private struct Mask {
        var bits: [UInt64]
        /// The most tokens that may be needed to end the text after one of them.
        var longest = 0
    }

    private static let configurationLimit = 20_000
    private static let maskLimit = 2_000

    let automaton: GrammarAutomaton
    let lexicon: TokenLexicon
    private let completionLengths: CompletionLengths
    private let tables = Mutex(Tables())

    /// - Throws: `GrammarError`: `missingRule`, `leftRecursion`, `tooLarge`.
    public init(_ grammar: Grammar, _ lexicon: TokenLexicon) throws(GrammarError) {
        automaton = try GrammarAutomaton(grammar)
        self.lexicon = lexicon
        completionLengths = CompletionLengths(automaton, lexicon)
    }

    /// The tokens that may come next, a bit for each: where that is possible, those after which the text can be ended with
    /// the tokens that are left then.
    /// - Parameter mayStop: Whether there may be none, because the text can stop here.
    func mask(_ configuration: GrammarAutomaton.Configuration, tokensLeft: Int, mayStop: Bool) -> [UInt64] {
        tables.withLock { tables in
            if tables.configurations.count > Self.configurationLimit || tables.masks.count > Self.maskLimit {
                tables = Tables()
            }
            let number = number(configuration, &tables)
            let mask = tables.masks[number] ?? computeMask(number, longest: .max, &tables)
            tables.masks[number] = mask
            guard tokensLeft <= mask.longest, tables.lengths[Int(number)] <= tokensLeft else { return mask.bits }
            let bits = computeMask(number, longest: tokensLeft - 1, &tables).bits
            return mayStop || bits.contains { $0 != 0 } ? bits : mask.bits
        }
    }

    /// What is left after some bytes.
    func advance(
        _ configuration: GrammarAutomaton.Configuration, by bytes: some Sequence<UInt8>
    ) -> GrammarAutomaton.Configuration {
        tables.withLock { tables in
            var number = number(configuration, &tables)
            for byte in bytes where number >= 0 { number = next(number, byte, &tables) }
            return number >= 0 ? tables.configurations[Int(number)] : []
        }
    }

    private func number(_ configuration: GrammarAutomaton.Configuration, _ tables: inout Tables) -> Int32 {
        if let known = tables.numbers[configuration] { return known }
        let number = Int32(tables.configurations.count)
        tables.configurations.append(configuration)
        tables.lengths.append(completionLengths(configuration))
        tables.numbers[configuration] = number
        tables.next.append(contentsOf: repeatElement(-2, count: 256))
        return number
    }

    private func next(_ number: Int32, _ byte: UInt8, _ tables: inout Tables) -> Int32 {
        let place = Int(number) * 256 + Int(byte)
        if tables.next[place] != -2 { return tables.next[place] }
        let found = automaton.advance(tables.configurations[Int(number)], by: byte)
        let next = found.isEmpty ? -1 : self.number(found, &tables)
        tables.next[place] = next
        return next
    }

    /// - Parameter longest: Only tokens after which the text can be ended with so many.
    private func computeMask(_ start: Int32, longest: Int, _ tables: inout Tables) -> Mask {
        var mask = Mask(bits: [UInt64](repeating: 0, count: (lexicon.vocabularySize + 63) / 64))
        // After the first i bytes of the present token; −1 from where it cannot go on.
        var path = [Int32](repeating: -1, count: lexicon.longest + 1)
        path[0] = start
        var known = 0
        for place in lexicon.tokens.indices {
            let bytes = lexicon.bytes[lexicon.starts[place]..<lexicon.starts[place + 1]]
            known = min(known, lexicon.shared[place])
            while known < bytes.count, path[known] >= 0 {
                path[known + 1] = next(path[known], bytes[bytes.startIndex + known], &tables)
                known += 1
            }
            guard known == bytes.count, path[known] >= 0 else { continue }
            let length = tables.lengths[Int(path[known])]
            guard length <= longest else { continue }
            mask.longest = max(mask.longest, length)
            let token = Int(lexicon.tokens[place])
            mask.bits[token / 64] |= 1 << UInt64(token % 64)
        }
        return mask
    }
}
