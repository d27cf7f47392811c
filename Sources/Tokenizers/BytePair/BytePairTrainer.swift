/// Learns a byte-level BPE vocabulary from text.
///
/// The vocabulary holds the special tokens (from id 0 on), the 256 bytes in order, and then one token for each merge:
/// again and again the pair of neighbours that occurs most often within words becomes a token. Among pairs that are
/// equally frequent, the one of the smallest left id, then of the smallest right id, goes first; the result depends on
/// nothing but the options and the multiset of words. (Sennrich, Haddow and Birch, “Neural Machine Translation of Rare
/// Words with Subword Units”, 2016, over bytes as in GPT-2.)
///
///     let trainer = try BytePairTrainer(.init(vocabularySize: 4096))
///     try trainer.train(on: [text]).write(to: "tokenizer.json")
public struct BytePairTrainer: Sendable {
    /// What to learn.
    public struct Options: Sendable {
        /// The number of tokens, special ones and bytes included. Fewer are learnt if the text has no more pairs.
        public var vocabularySize: Int
        /// Pairs that occur less often are not learnt.
        public var minimumPairFrequency: Int
        /// Tokens from id 0 on that are found in text as they stand. Where they occur in the training text they
        /// separate documents; nothing is learnt of them or across them.
        public var specialTokens: [String]
        /// Whether text is brought to Unicode normalisation form C, so that decoding may give other bytes.
        public var normalizesToNFC: Bool

        /// Options that suit a small model; text comes back unchanged.
        public init(
            vocabularySize: Int = 4096, minimumPairFrequency: Int = 2, specialTokens: [String] = ["<|endoftext|>"],
            normalizesToNFC: Bool = false
        ) {
            self.vocabularySize = vocabularySize
            self.minimumPairFrequency = minimumPairFrequency
            self.specialTokens = specialTokens
            self.normalizesToNFC = normalizesToNFC
        }
    }

    /// How far a training is.
    public struct Progress: Sendable, Equatable {
        /// The number of tokens in the vocabulary so far.
        public let vocabularySize: Int
        /// The number of tokens that were asked for.
        public let goal: Int
        /// How often the pair learnt last occurs in the text.
        public let pairFrequency: Int

        package init(vocabularySize: Int, goal: Int, pairFrequency: Int) {
            (self.vocabularySize, self.goal, self.pairFrequency) = (vocabularySize, goal, pairFrequency)
        }
    }

    private static let maximumVocabularySize = 1 << 20
    private let options: Options

    /// - Throws: ``TokenizerError/vocabularySizeOutOfRange(size:allowed:)`` if the size has no room for the special
    ///   tokens and the bytes or exceeds a million, ``TokenizerError/invalidPairFrequency(_:)``, and
    ///   ``TokenizerError/emptyToken(id:)`` or ``TokenizerError/duplicateToken(_:)`` for special tokens that cannot be
    ///   found.
    public init(_ options: Options = Options()) throws(TokenizerError) {
        let minimumSize = min(options.specialTokens.count + 256, Self.maximumVocabularySize)
        let allowed = minimumSize...Self.maximumVocabularySize
        guard allowed.contains(options.vocabularySize) else {
            throw .vocabularySizeOutOfRange(size: options.vocabularySize, allowed: allowed)
        }
        guard options.minimumPairFrequency >= 1 else { throw .invalidPairFrequency(options.minimumPairFrequency) }
        var seen: Set<[UInt8]> = []
        for (id, token) in options.specialTokens.enumerated() {
            if token.isEmpty { throw .emptyToken(id: id) }
            // The file would show a special token of one byte as it shows the byte's own token.
            let isSingleByte = ByteAlphabet.bytes(of: token).count == 1
            if isSingleByte || !seen.insert(Array(token.utf8)).inserted { throw .duplicateToken(token) }
        }
        self.options = options
    }

    /// A tokenizer learnt from documents. No merge crosses from one to the next.
    /// - Parameter progress: Called after each token learnt.
    /// - Complexity: O(text) for counting words; then, for each merge, the words that hold the pair.
    public func train(
        on documents: some Sequence<String>, progress: (Progress) -> Void = { _ in }
    ) throws(TokenizerError) -> BytePairTokenizer {
        try train(onBytes: documents.lazy.map { Array($0.utf8) }, progress: progress)
    }

    /// A tokenizer learnt from documents that are given as UTF-8. No merge crosses from one to the next.
    /// - Parameter progress: Called after each token learnt.
    public func train(
        onBytes documents: some Sequence<[UInt8]>, progress: (Progress) -> Void = { _ in }
    ) throws(TokenizerError) -> BytePairTokenizer {
        let special = options.specialTokens.enumerated().map { id, content in
            AddedToken(
                token: TokenID(id), content: Array(content.utf8), isSpecial: true, isNormalized: false,
                isInVocabulary: true)
        }
        let preTokenizer = try PreTokenizer(
            addedTokens: special, normalizesToNFC: options.normalizesToNFC, addsPrefixSpace: false)
        var counts = WordCounts()
        for document in documents { counts.add(document, preTokenizer) }

        let bytes = (UInt8.min...UInt8.max).map { [$0] }
        var learner = PairLearner(
            words: counts.words(firstByteToken: TokenID(special.count)), tokens: special.map(\.content) + bytes,
            reserved: Set(options.specialTokens.map(ByteAlphabet.bytes) + special.map(\.content)))
        while learner.tokens.count < options.vocabularySize,
            let frequency = learner.learnPair(minimumFrequency: options.minimumPairFrequency)
        {
            progress(
                Progress(
                    vocabularySize: learner.tokens.count, goal: options.vocabularySize, pairFrequency: frequency))
        }
        return try BytePairTokenizer(
            BytePairModel(
                tokens: TokenTable(learner.tokens), rules: learner.rules, addedTokens: special,
                byteTokens: bytes.indices.map { TokenID(special.count + $0) },
                normalizesToNFC: options.normalizesToNFC, addsPrefixSpace: false))
    }
}
