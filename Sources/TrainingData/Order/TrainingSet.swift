/// What a model learns from: the tokens of some files, how they are cut into sequences, and how often each is seen.
public struct TrainingSet: Sendable {
    /// How tokens are cut into sequences.
    public enum Cut: Sendable, Equatable {
        /// Windows of one length out of all tokens in a row, at another offset in every epoch.
        case windows
        /// A sequence for each document, after token 0; a longer one goes on in further sequences. Those without a token that
        /// counts are left out.
        case documents
    }

    /// Files that are cut in the same way and shuffled together.
    public struct Part: Sendable {
        public var stores: [TokenStore]
        public var cut: Cut
        /// Which share of the sequences are of this part, compared with the weights of the others.
        public var weight: Double?

        public init(_ stores: [TokenStore], cut: Cut = .windows, weight: Double? = nil) {
            self.stores = stores
            self.cut = cut
            self.weight = weight
        }
    }

    public let parts: [Part]

    public init(_ parts: [Part]) { self.parts = parts }

    /// Tokens in memory.
    public init(tokens: [Int32]) { self.init([Part([TokenStore(tokens)])]) }

    /// Whether shares are as the weights say. Otherwise every sequence is seen once in an epoch.
    public var isWeighted: Bool { parts.contains { $0.weight != nil } }

    public var tokenCount: Int { stores.reduce(0) { $0 + $1.count } }
    /// The tokens that are learnt; the rest is only read.
    public var countedTokenCount: Int { stores.reduce(0) { $0 + $1.countedTokenCount } }
    private var stores: [TokenStore] { parts.flatMap(\.stores) }

    /// The first token that is not below `vocabularySize`.
    public func firstToken(outside vocabularySize: Int) -> (position: Int, token: Int32)? {
        stores.lazy.compactMap { $0.firstToken(outside: vocabularySize) }.first
    }

    /// A number that other data, or the same data with other weights, hardly ever have.
    public var fingerprint: UInt64 {
        var fingerprint = Fingerprint()
        for part in parts {
            fingerprint.add(part.cut == .windows ? 1 : 2)
            fingerprint.add((part.weight ?? -1).bitPattern)
            for store in part.stores { fingerprint.add(store.fingerprint) }
        }
        return fingerprint.value
    }
}

/// Tokens that a model reads in a row from its first state, and what it is to say.
public struct TrainingSequence: Sendable, Equatable {
    /// The inputs and, one further on, the targets.
    public let tokens: [Int32]
    /// Whether each target counts; all if `nil`.
    public let counted: [Bool]?

    public init(tokens: [Int32], counted: [Bool]? = nil) {
        self.tokens = tokens
        self.counted = counted
    }
}
