import LanguageModels
import Tensors
import Testing

@Suite("Scores of tokens")
struct TokenScorerTests {
    private func tokens(_ count: Int, seed: UInt64) -> [Int32] {
        var random = RandomNumbers(seed: seed)
        return (0..<count).map { _ in Int32(random.below(256)) }
    }

    @Test("Texts of many lengths, read together and in pieces, score as each token read by itself does")
    func ragged() throws {
        let model = try byteModel()
        // More than a forward call takes, so that some are cut; two that are longer than one alone.
        let requests = [3, 1, 400, 1200, 17, 600, 2].enumerated().map { index, count in
            let inputs = tokens(count, seed: UInt64(index))
            return ScoringRequest(
                inputs: inputs, targets: tokens(index == 4 ? 5 : index == 5 ? 0 : count, seed: 100 + UInt64(index)))
        }
        var found: [[TokenScore]] = []
        var read: [Int] = []
        try TokenScorer(model, on: Workspace(threadCount: 2)).score(
            requests, asksForBest: true, progress: { read.append($0) }
        ) { index, scores in
            #expect(index == found.count)
            found.append(scores)
        }
        #expect(read.last == requests.reduce(0) { $0 + $1.inputs.count } && read == read.sorted() && read.count > 3)
        var best = 0
        for (request, scores) in zip(requests, found) {
            let logits = try plainLogits(model, request.inputs).suffix(request.targets.count)
            #expect(scores.count == request.targets.count)
            for ((row, target), score) in zip(zip(logits, request.targets), scores) {
                #expect(isClose(Double(score.nats), -logProbability(row, of: target), 1e-4))
                #expect(score.isBest == (row.firstIndex(of: row.max() ?? 0) == Int(target)))
                best += score.isBest ? 1 : 0
            }
        }
        #expect(best > 0)
    }

    @Test("A request's scores are the same bits whatever is read beside it")
    func neighbours() throws {
        let model = try byteModel()
        let requests = (0..<9).map { ScoringRequest(text: tokens(100 + 13 * $0, seed: UInt64($0))) }
        let scorer = TokenScorer(model, on: Workspace(threadCount: 2))
        var together: [[TokenScore]] = []
        try scorer.score(requests) { together.append($1) }
        #expect(try together == requests.map { try scorer.score($0) })
    }

    @Test("Tokens that the model does not have are refused, wherever they are")
    func outside() throws {
        let scorer = TokenScorer(try byteModel(), on: Workspace(threadCount: 1))
        for (request, position) in [
            (ScoringRequest(inputs: [1, 256], targets: [1]), 1), (ScoringRequest(inputs: [1, 2], targets: [-1]), 1),
        ] {
            let token = request.inputs[1] == 256 ? 256 : -1
            #expect(
                throws: ModelError.tokenOutOfRange(token: Int32(token), position: position, vocabularySize: 256)
            ) { try scorer.score(request) }
        }
        #expect(throws: ModelError.noTokens) { try scorer.score(ScoringRequest(inputs: [], targets: [])) }
    }
}
