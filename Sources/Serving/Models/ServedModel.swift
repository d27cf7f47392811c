internal import Generation
public import LanguageModels
internal import Synchronization
public import Tokenizers

/// A model that a server offers under a name.
///
/// Two names may stand for one checkpoint with different adapters or first states: so does a request choose them.
public struct ServedModel: Sendable {
    /// What clients call it.
    public let name: String
    /// Brings it into memory. Called at the first request, off Swift's cooperative threads.
    public let load: @Sendable () throws -> LoadedModel

    public init(name: String, load: @escaping @Sendable () throws -> LoadedModel) {
        self.name = name
        self.load = load
    }
}

/// A model in memory with all that belongs to it.
public struct LoadedModel: Sendable {
    public let model: LanguageModel
    public let tokenizer: any Tokenizer
    public let template: ChatFormat
    /// What its texts begin with; the model's own first state if `nil`.
    public let firstState: ModelState?
    /// Names the weights and the first state: states may be shared only where this is equal.
    public let fingerprint: String
    private let lexicon: LazyLexicon

    public init(
        _ model: LanguageModel, _ tokenizer: any Tokenizer, template: ChatFormat, firstState: ModelState? = nil,
        fingerprint: String
    ) {
        self.model = model
        self.tokenizer = tokenizer
        self.template = template
        self.firstState = firstState
        self.fingerprint = fingerprint
        lexicon = LazyLexicon(tokenizer)
    }

    /// What holds answers to a grammar.
    /// - Throws: `GrammarError`.
    func machine(_ grammar: Grammar) throws -> GrammarMachine { try lexicon.machine(grammar) }
}

/// A tokenizer's tokens in order, once they are needed, and the grammars used last.
private final class LazyLexicon: Sendable {
    private struct Contents {
        var lexicon: TokenLexicon?
        var machines: [(grammar: Grammar, machine: GrammarMachine)] = []
    }

    private let tokenizer: any Tokenizer
    private let contents = Mutex(Contents())

    init(_ tokenizer: any Tokenizer) { self.tokenizer = tokenizer }

    func machine(_ grammar: Grammar) throws -> GrammarMachine {
        try contents.withLock { contents in
            if let place = contents.machines.firstIndex(where: { $0.grammar == grammar }) {
                let found = contents.machines.remove(at: place)
                contents.machines.append(found)
                return found.machine
            }
            let lexicon = contents.lexicon ?? TokenLexicon(tokenizer)
            contents.lexicon = lexicon
            let machine = try GrammarMachine(grammar, lexicon)
            contents.machines.append((grammar, machine))
            if contents.machines.count > 16 { contents.machines.removeFirst() }
            return machine
        }
    }
}
