import Foundation
import Tensors
import Testing
import TrainingData

@Suite("A shuffled order")
struct PermutationTests {
    @Test("has every number once", arguments: [1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 1000, 4097, 70_000])
    func isPermutation(count: Int) {
        let order = Permutation(count: count, key: 7)
        var seen = [Bool](repeating: false, count: count)
        for place in 0..<count { seen[order[place]] = true }
        #expect(seen.allSatisfy { $0 })
    }

    @Test("is another one for another key, and looks like chance")
    func looksRandom() {
        let count = 10_000
        let orders = (0..<4).map { key in
            let order = Permutation(count: count, key: UInt64(key))
            return (0..<count).map { order[$0] }
        }
        for (i, order) in orders.enumerated() {
            // A random permutation leaves one number in its place on average, and so do two agree in one place.
            #expect(order.enumerated().filter { $0.offset == $0.element }.count < 8)
            for other in orders[..<i] { #expect(zip(order, other).filter { $0 == $1 }.count < 8) }
            // Neighbours are as far apart as chance puts them: a third of the length, ± 1 % being some four deviations.
            let distance =
                zip(order, order.dropFirst()).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } / Double(count - 1)
            #expect(abs(distance / (Double(count) / 3) - 1) < 0.03)
        }
    }

    @Test("is the same on every machine")
    func golden() {
        // By an independent program of this description in Python.
        let order = Permutation(count: 10, key: 42)
        #expect((0..<10).map { order[$0] } == [2, 7, 4, 0, 8, 3, 6, 9, 5, 1])
        #expect(Permutation(count: 1_000_000_007, key: 3)[123_456_789] == 664_864_801)
    }
}

@Suite("A mixture")
struct MixtureTests {
    @Test(
        "gives each source its share, and counts its draws",
        arguments: [[1], [1, 1], [3, 1], [70, 20, 10], [1000, 1, 1e-9]])
    func shares(weights: [Double]) {
        var mixture = Mixture(weights: weights, key: 5)
        #expect(mixture.slots.reduce(0, +) == Mixture.roundLength)
        let sum = weights.reduce(0, +)
        var next = [Int](repeating: 0, count: weights.count)
        for number in 0..<2 * Mixture.roundLength {
            let (source, draw) = mixture.draw(number)
            #expect(draw == next[source])
            next[source] += 1
        }
        for (count, weight) in zip(next, weights) {
            #expect(
                abs(Double(count) / Double(2 * Mixture.roundLength) - weight / sum) < 2.0 / Double(Mixture.roundLength))
        }
    }

    @Test("is near its shares at any time, and in no regular order")
    func soon() {
        var mixture = Mixture(weights: [3, 1], key: 5)
        let sources = (0..<2000).map { mixture.draw($0).source }
        // Four deviations of 2000 draws.
        #expect(abs(sources.filter { $0 == 1 }.count - 500) < 80)
        let fives = stride(from: 0, to: 2000, by: 5).map { Array(sources[$0..<$0 + 5]) }
        #expect(Set(fives).count > 15)
    }

    @Test("can be asked for any draw")
    func stateless() {
        var forwards = Mixture(weights: [1, 2, 3], key: 1)
        var jumping = forwards
        let all = (0..<70_000).map { forwards.draw($0).draw }
        for number in [69_999, 3, 65_536, 0, 65_535] { #expect(jumping.draw(number).draw == all[number]) }
    }
}

@Suite("The order of sequences")
struct SequenceOrderTests {
    private func order(_ data: TrainingSet, context: Int = 8, seed: UInt64 = 1) throws -> SequenceOrder {
        try SequenceOrder(data, contextLength: context, seed: seed)
    }

    private func tokens(_ range: Range<Int32>) -> TokenStore { TokenStore(Array(range)) }

    @Test("shows all windows of all files once in an epoch, at another offset in the next")
    func windows() throws {
        let data = TrainingSet([.init([tokens(0..<70), tokens(70..<200)])])
        var sequences = try order(data)
        let epochs = (0..<2).map { epoch in
            (0..<sequences.count).map { sequences.sequence(epoch * sequences.count + $0).tokens }
        }
        for epoch in epochs {
            #expect(epoch.allSatisfy { $0.count == 9 && zip($0, $0.dropFirst()).allSatisfy { $1 == $0 + 1 } })
            let starts = epoch.compactMap(\.first).sorted()
            #expect(zip(starts, starts.dropFirst()).allSatisfy { $1 - $0 == 8 })
        }
        #expect(epochs[0].map(\.first) != epochs[1].map(\.first))
        #expect(Set(epochs.map { ($0.compactMap(\.first).min() ?? 0) % 8 }).count == 2)
    }

    @Test("gives each document of conversations alone, after token 0, and goes on in a long one")
    func documents() throws {
        let counted = [1..<3, 5..<6, 8..<10, 22..<24]
        let some = store(
            [[11, 12, 0], [21, 0], [31, 0], [41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 0]],
            counted: counted)
        var sequences = try order(TrainingSet([.init([some], cut: .documents)]), context: 6)
        let all = Set((0..<sequences.count).map { sequences.sequence($0).tokens })
        #expect(sequences.meanLength == Double(3 + 2 + 6 + 5) / 4 && sequences.longest == 6)
        // The second document has no token that counts, nor has the middle of the last.
        #expect(all == [[0, 11, 12, 0], [0, 31, 0], [0, 41, 42, 43, 44, 45, 46], [52, 53, 54, 55, 56, 0]])
        let masks = Dictionary(
            uniqueKeysWithValues: (0..<sequences.count).map { i in
                let sequence = sequences.sequence(i)
                return (sequence.tokens, sequence.counted ?? [])
            })
        #expect(masks[[0, 11, 12, 0]] == [false, true, true])
        #expect(masks[[0, 41, 42, 43, 44, 45, 46]] == [false, true, true, false, false, false])
        #expect(masks[[52, 53, 54, 55, 56, 0]] == [false, false, false, true, true])
    }

    @Test("mixes files by weight, each of which is seen whole before it is seen again")
    func weights() throws {
        let files = [
            TrainingSet.Part([tokens(0..<1000)], weight: 1), TrainingSet.Part([tokens(2000..<2100)], weight: 3),
        ]
        var sequences = try order(TrainingSet(files))
        var seen: [[Int32]] = [[], []]
        for number in 0..<4000 {
            let first = sequences.sequence(number).tokens[0]
            seen[first < 2000 ? 0 : 1].append(first)
        }
        #expect(abs(seen[1].count - 3000) < 120)
        let windows = (100 - 1) / 8 - 1
        for start in stride(from: 0, to: seen[1].count - windows, by: windows) {
            #expect(Set(seen[1][start..<start + windows]).count == windows)
        }
    }

    @Test("depends on the seed and the number alone")
    func stateless() throws {
        let data = TrainingSet([.init([tokens(0..<500)], weight: 2), .init([tokens(600..<900)], weight: 1)])
        var forwards = try order(data)
        var jumping = try order(data)
        let all = (0..<300).map { forwards.sequence($0) }
        for number in [200, 3, 299, 0, 17] { #expect(jumping.sequence(number) == all[number]) }
        var other = try order(data, seed: 2)
        #expect((0..<300).map { other.sequence($0) } != all)
    }

    @Test("makes one short window of a small file that has a weight")
    func small() throws {
        let data = TrainingSet([.init([tokens(0..<100)], weight: 1), .init([tokens(500..<503)], weight: 1)])
        var sequences = try order(data)
        let all = (0..<200).map { sequences.sequence($0).tokens }
        #expect(Set(all.map(\.count)) == [9, 3])
        #expect(all.contains([500, 501, 502]))
        var endless = try order(
            TrainingSet([.init([store([[1, 2, 0], [3, 0]], counted: [0..<5])], cut: .documents)]), context: .max)
        #expect(Set((0..<2).map { endless.sequence($0).tokens }) == [[0, 1, 2, 0], [0, 3, 0]])
    }

    @Test("refuses weights that are none, and too many files")
    func wrongWeights() throws {
        for weight in [0, -1, .nan, .infinity] as [Double] {
            #expect(throws: SequenceOrderError.self) {
                try order(TrainingSet([.init([tokens(0..<100)], weight: weight)]))
            }
        }
        let many = (0..<1025).map { _ in TrainingSet.Part([tokens(0..<100)], weight: 1) }
        #expect(throws: SequenceOrderError.tooManyParts(found: 1025, limit: 1024)) { try order(TrainingSet(many)) }
        #expect(throws: SequenceOrderError.tooFewTokens(found: 1, needed: 2)) {
            try order(TrainingSet([.init([tokens(0..<1)], weight: 1)]))
        }
    }

    @Test("needs a sequence in every part")
    func tooFew() throws {
        #expect(throws: SequenceOrderError.tooFewTokens(found: 8, needed: 9)) {
            try order(TrainingSet([.init([tokens(0..<8)])]))
        }
        #expect(throws: SequenceOrderError.self) { try order(TrainingSet([TrainingSet.Part]())) }
        let nothing = store([[1, 0]], counted: [])
        #expect(throws: SequenceOrderError.self) { try order(TrainingSet([.init([nothing], cut: .documents)])) }
    }
}

@Suite("A held-out part")
struct HoldOutTests {
    private func some(_ count: Int) -> [[Int32]] {
        var random = RandomNumbers(seed: 9)
        return (0..<count).map { _ in (0..<random.below(9) + 1).map { _ in Int32(random.below(50) + 1) } + [0] }
    }

    private func split(
        _ holdOut: HoldOut, _ store: TokenStore, inParts: Bool = false
    ) throws -> (learnt: TokenStore, heldOut: TokenStore) {
        try holdOut.split([store], inParts: [inParts])[0]
    }

    private func documents(_ store: TokenStore) -> [[Int32]] {
        (0..<store.documentCount).map { store.tokens(store.document($0)) }
    }

    @Test("has about its share of the documents, and the rest is learnt")
    func share() throws {
        let all = some(5000)
        let (learnt, held) = try split(.share(0.1), store(all))
        #expect(abs(held.documentCount - 500) < 90)
        #expect(learnt.documentCount + held.documentCount == 5000)
        var rest = documents(learnt)[...]
        // In their order, and nothing twice.
        let heldDocuments = documents(held)
        var next = 0
        for document in all {
            if next < heldDocuments.count, heldDocuments[next] == document {
                next += 1
            } else {
                #expect(rest.popFirst() == document)
            }
        }
        #expect(rest.isEmpty && next == heldDocuments.count)
    }

    @Test("stays the same when documents are appended")
    func appended() throws {
        let all = some(3000)
        let before = try split(.share(0.05), store(Array(all.prefix(1000)))).heldOut
        let after = try split(.share(0.05), store(all)).heldOut
        #expect(documents(after).starts(with: documents(before)))
        #expect(after.documentCount > before.documentCount)
    }

    @Test("can be a number of documents")
    func number() throws {
        let all = store(some(100))
        let (learnt, held) = try split(.documents(7), all)
        #expect(held.documentCount == 7 && learnt.documentCount == 93)
        #expect(try split(.documents(8), all).heldOut.documentCount == 8)
        #expect(dataError { try split(.documents(100), all) } == .wrongHoldOut(found: 100, documents: 100))
        #expect(dataError { try split(.share(1e-9), all) } == .wrongHoldOut(found: 0, documents: 100))
    }

    @Test("is one of all files together")
    func files() throws {
        let documents = some(300)
        let stores = [store(Array(documents[..<200])), store(Array(documents[200...]))]
        for holdOut in [HoldOut.share(0.1), .documents(20)] {
            let apart = try holdOut.split(stores, inParts: [false, false])
            let whole = try split(holdOut, store(documents))
            #expect(apart.flatMap { self.documents($0.heldOut) } == self.documents(whole.heldOut))
        }
        // A file of one document may have nothing to give, but must keep something.
        #expect(throws: TrainingDataError.self) {
            try HoldOut.documents(6).split([store(some(5)), store(some(1))], inParts: [false, false])
        }
    }

    @Test("can be parts of one long text")
    func parts() throws {
        let text = TokenStore((0..<200_000).map { Int32($0 % 251) + Int32($0 / 4096) })
        let (learnt, held) = try split(.share(0.1), text, inParts: true)
        #expect((1...12).contains(held.documentCount))
        #expect(held.count + learnt.count == 200_000)
        #expect((0..<held.documentCount).allSatisfy { held.document($0).count <= HoldOut.partLength })
    }

    @Test("is given as a share or a number")
    func parsing() {
        #expect(HoldOut("1%") == .share(0.01))
        #expect(HoldOut("0.5 %") == .share(0.005))
        #expect(HoldOut("20") == .documents(20))
        for wrong in ["", "%", "0%", "100%", "-1", "0", "1.5", "nan%", "a"] {
            #expect(HoldOut(wrong) == nil, "\(wrong)")
        }
    }
}
