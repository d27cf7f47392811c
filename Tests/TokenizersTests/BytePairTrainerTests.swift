import TestSupport
import Testing
import Tokenizers

@Suite("Training a byte-level BPE")
struct BytePairTrainerTests {
    @Test("The most frequent pair is learnt first; equal ones by the smaller ids")
    func order() throws {
        // By hand. "ab" 5, "bc" 4: token 257 = ab. Then (ab)c 4 → 258. Then, all 2: "cd" is smaller than "xy".
        let text = ["abc\nabc\nabc\nabc\nab\n", "xy\nxy\ncd\ncd\n"]
        let tokenizer = try BytePairTrainer(.init(vocabularySize: 300)).train(on: text)
        let learnt = (257..<TokenID(tokenizer.vocabularySize)).map { tokenizer.decodeText([$0]) }
        #expect(learnt == ["ab", "abc", "cd", "xy"])
        #expect(tokenizer.encode("abcd xy") == [258, 101, 33, 260])
    }

    @Test("Pairs that occur less often than asked are not learnt")
    func minimumFrequency() throws {
        let text = ["abc\nabc\nabc\nabc\nab\n", "xy\nxy\ncd\ncd\n"]
        let options = BytePairTrainer.Options(vocabularySize: 300, minimumPairFrequency: 3)
        #expect(try BytePairTrainer(options).train(on: text).vocabularySize == 259)
    }

    @Test("Special tokens have the first ids and are not learnt as text")
    func specialTokens() throws {
        let text = String(repeating: "<|endoftext|>a", count: 50)
        let options = BytePairTrainer.Options(vocabularySize: 400, specialTokens: ["<|endoftext|>", "<|user|>"])
        let tokenizer = try BytePairTrainer(options).train(on: [text])
        #expect(tokenizer.vocabularySize == 258)
        #expect(tokenizer.endOfText == 0)
        #expect(tokenizer.specialTokens == ["<|endoftext|>": 0, "<|user|>": 1])
        #expect(tokenizer.encode("a<|endoftext|><|user|>") == [99, 0, 1])
        // Not a special token, the same text is learnt.
        let plain = try BytePairTrainer(.init(vocabularySize: 400, specialTokens: [])).train(on: [text])
        #expect(plain.vocabularySize > 258)
        #expect(plain.endOfText == nil)
        #expect(plain.encode(bytes: [0, 1]) == [0, 1])
    }

    @Test("No merge makes the text of a special token")
    func reservedText() throws {
        let options = BytePairTrainer.Options(vocabularySize: 300, specialTokens: ["ab"])
        // The trainer sees "a" and "b" side by side only where normalisation has not cut out "ab"; so ask for "ĠA"
        // instead.
        #expect(try BytePairTrainer(options).train(on: ["abab abab"]).vocabularySize == 257)
        let blank = BytePairTrainer.Options(vocabularySize: 300, specialTokens: ["\u{120}A"])
        let tokenizer = try BytePairTrainer(blank).train(on: [" A A A A"])
        #expect(tokenizer.vocabularySize == 257)
        #expect(try BytePairTokenizer(tokenizerJSON: tokenizer.tokenizerJSON).encode(" A") == [33, 66])
    }

    @Test("Training twice, and on the documents in another order, gives the same file")
    func repeatable() throws {
        var numbers = RepeatableNumbers(seed: 11)
        let documents = (0..<40).map { _ in numbers.text(pieces: 50) }
        let trainer = try BytePairTrainer(.init(vocabularySize: 500))
        let first = try trainer.train(on: documents).tokenizerJSON
        #expect(try trainer.train(on: documents).tokenizerJSON == first)
        #expect(try trainer.train(on: documents.reversed()).tokenizerJSON == first)
        #expect(try trainer.train(onBytes: documents.map { Array($0.utf8) }).tokenizerJSON == first)
    }

    @Test("Counting pairs anew for each merge learns the same tokens", arguments: 0..<10)
    func incrementalCounts(seed: Int) throws {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        let words = (0..<60).map { _ in
            (
                symbols: (0..<Int.random(in: 1...9, using: &numbers)).map { _ in
                    TokenID.random(in: 0...2, using: &numbers)
                }, count: Int.random(in: 1...5, using: &numbers)
            )
        }
        var learner = PairLearner(words: words, tokens: [[0], [1], [2]], reserved: [])
        var simple = words
        for _ in 0..<40 {
            var counts: [[TokenID]: Int] = [:]
            for word in simple {
                for pair in zip(word.symbols, word.symbols.dropFirst()) {
                    counts[[pair.0, pair.1], default: 0] += word.count
                }
            }
            let best = counts.max { a, b in
                a.value != b.value ? a.value < b.value : b.key.lexicographicallyPrecedes(a.key)
            }
            guard let best, best.value >= 2 else { break }
            let frequency = learner.learnPair(minimumFrequency: 2)
            #expect(frequency == best.value)
            let rule = try #require(learner.rules.last { [$0.left, $0.right] == best.key })
            for index in simple.indices {
                var merged: [TokenID] = []
                for symbol in simple[index].symbols {
                    if merged.last == rule.left, symbol == rule.right, merged.count > 0 {
                        merged[merged.count - 1] = -1 - rule.result
                    } else {
                        merged.append(symbol)
                    }
                }
                simple[index].symbols = merged.map { $0 < 0 ? -1 - $0 : $0 }
            }
        }
        #expect(learner.rules.count > 20)
    }

    @Test(
        "A trained tokenizer that was written and read gives the same tokens",
        .enabled(if: sharedDataIsExpected, "needs the shared fixtures"))
    func rewriting() throws {
        let text = String(decoding: try Shared.bytes("data/tinystories/valid.txt"), as: UTF8.self)
        let trained = try BytePairTrainer(.init(vocabularySize: 1000)).train(on: [text])
        let read = try BytePairTokenizer(tokenizerJSON: trained.tokenizerJSON)
        #expect(trained.vocabularySize == 1000)
        #expect(read.tokenizerJSON == trained.tokenizerJSON)
        #expect(read.encode(text) == trained.encode(text))
        #expect(read.decodeText(read.encode(text)) == text)
        // The stories' file separates its stories by this token.
        #expect(text.contains("<|endoftext|>") == trained.encode(text).contains(0))
        #expect(trained.encode(text).count * 3 < text.utf8.count)
    }

    @Test("Progress is told after each token")
    func progress() throws {
        var seen: [BytePairTrainer.Progress] = []
        let trainer = try BytePairTrainer(.init(vocabularySize: 259))
        _ = try trainer.train(on: ["the the the the"]) { seen.append($0) }
        #expect(
            seen == [
                .init(vocabularySize: 258, goal: 259, pairFrequency: 4),
                .init(vocabularySize: 259, goal: 259, pairFrequency: 4),
            ])
    }

    @Test("Options that make no sense are refused")
    func options() {
        func error(_ options: BytePairTrainer.Options) -> TokenizerError? {
            tokenizerError { try BytePairTrainer(options) }
        }
        #expect(
            error(.init(vocabularySize: 256)) == .vocabularySizeOutOfRange(size: 256, allowed: 257...(1 << 20)))
        #expect(error(.init(vocabularySize: .max)) == .vocabularySizeOutOfRange(size: .max, allowed: 257...(1 << 20)))
        #expect(error(.init(minimumPairFrequency: 0)) == .invalidPairFrequency(0))
        #expect(error(.init(specialTokens: ["<s>", ""])) == .emptyToken(id: 1))
        #expect(error(.init(specialTokens: ["<s>", "<s>"])) == .duplicateToken("<s>"))
        #expect(error(.init(specialTokens: ["a"])) == .duplicateToken("a"))
        #expect(error(.init(specialTokens: ["\u{120}"])) == .duplicateToken("\u{120}"))
    }

    @Test("Text without blanks is learnt from in pieces")
    func longWord() throws {
        let tokenizer = try BytePairTrainer(.init(vocabularySize: 270)).train(on: [
            String(repeating: "ab", count: 200_000)
        ])
        #expect(tokenizer.decodeText([257]) == "ab")
        #expect(tokenizer.vocabularySize == 265)
        #expect(tokenizer.decode([264]).count == 256)
    }
}
