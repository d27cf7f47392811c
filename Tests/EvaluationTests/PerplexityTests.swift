import Evaluation
import Foundation
import LanguageModels
import Tensors
import Testing
import Tokenizers

private let documents = [
    Array("The first document.\nIt has two lines and is the longest of them all.".utf8), Array("b".utf8), [],
    Array("Another one, of a few words.".utf8),
]

@Suite("Perplexity")
struct PerplexityTests {
    private func measure(_ model: LanguageModel, _ context: Perplexity.Context) throws -> TextLoss {
        try Perplexity(EvaluationText(documents, ByteTokenizer()), context).measure(
            model, on: Workspace(threadCount: 2))
    }

    private var tokens: [[Int32]] { documents.filter { !$0.isEmpty }.map { $0.map(Int32.init) + [0] } }

    @Test("carried: the text is read once, ends of documents included, as token by token")
    func carried() throws {
        let model = try byteModel()
        let all = tokens.flatMap { $0 }
        let expected = try plainNats(model, inputs: [0] + all.dropLast(), targets: all).reduce(0, +)
        let loss = try measure(model, .carried)
        #expect(isClose(loss.nats, expected))
        #expect(loss.tokenCount == all.count && loss.byteCount == all.count - 3 && loss.wordCount == 21)
        #expect(isClose(loss.perplexity, exp(expected / Double(all.count)), 1e-4))
        #expect(isClose(loss.bitsPerByte, expected / log(2) / Double(all.count - 3), 1e-4))
        #expect(isClose(log(loss.wordPerplexity), expected / 21, 1e-4))
        #expect(loss.lineEndCount == 1)
        #expect(isClose(log(loss.wordAndLinePerplexity), expected / 22, 1e-4))
    }

    @Test("per document: each begins anew behind a token 0")
    func perDocument() throws {
        let model = try byteModel()
        let expected = try tokens.map { try plainNats(model, inputs: [0] + $0.dropLast(), targets: $0).reduce(0, +) }
        let loss = try measure(model, .document)
        #expect(isClose(loss.nats, expected.reduce(0, +)))
        // Each of them is shorter than a piece.
        #expect(loss.pieces.count == 3)
        for (piece, nats) in zip(loss.pieces, expected) { #expect(isClose(piece.nats, nats)) }
        #expect(loss.pieces.map(\.tokenCount) == tokens.map(\.count))
    }

    @Test(
        "sliding: each window counts what the one before did not reach",
        arguments: [(16, 16), (16, 5), (7, 1), (200, 3)])
    func sliding(window: Int, stride: Int) throws {
        let model = try byteModel()
        let all = tokens.flatMap { $0 }
        var expected = 0.0
        // As Hugging Face's page has it: begin at multiples of the stride, and count from the last window's end.
        var previousEnd = 0
        for begin in Swift.stride(from: 0, to: all.count, by: stride) {
            let end = min(begin + window, all.count)
            let inputs = [begin == 0 ? 0 : all[begin - 1]] + all[begin..<end].dropLast()
            expected += try plainNats(model, inputs: inputs, targets: Array(all[previousEnd..<end])).reduce(0, +)
            previousEnd = end
            if end == all.count { break }
        }
        let loss = try measure(model, .sliding(window: window, stride: stride))
        #expect(isClose(loss.nats, expected))
        if window >= all.count { #expect(isClose(loss.nats, try measure(model, .carried).nats)) }
    }

    @Test("Every token is predicted exactly once in any window, with the context that was promised")
    func everyTokenOnce() throws {
        let text = try EvaluationText(documents, ByteTokenizer())
        for window in 1...text.tokenCount + 2 {
            for stride in 1...window {
                let spans = try Perplexity(text, .sliding(window: window, stride: stride)).spans
                #expect(spans.flatMap { Array($0.firstScored..<$0.read.upperBound) } == Array(0..<text.tokenCount))
                for span in spans.dropFirst() where span.read.upperBound < text.tokenCount {
                    #expect(span.read.count == window && span.firstScored - span.read.lowerBound == window - stride)
                }
            }
        }
        for (window, stride) in [(4, 0), (4, 5), (0, 0)] {
            #expect(throws: EvaluationError.invalidWindow(window: window, stride: stride)) {
                try Perplexity(text, .sliding(window: window, stride: stride))
            }
        }
    }

    @Test("Long documents are cut into pieces whose sums are the whole")
    func pieces() throws {
        let long = (0..<5000).map { UInt8($0 % 90 + 32) }
        let text = try EvaluationText([long, Array("short".utf8)], ByteTokenizer())
        let loss = try Perplexity(text, .document).measure(try byteModel(), on: Workspace(threadCount: 2))
        #expect(loss.pieces.map(\.byteCount) == [2048, 2048, 904, 5])
        #expect(loss.pieces.map(\.tokenCount) == [2048, 2048, 905, 6])
        #expect(isClose(loss.pieces.reduce(0) { $0 + $1.nats }, loss.nats, 1e-9))
    }

    @Test("A text without a byte has no loss")
    func empty() {
        #expect(throws: EvaluationError.self) { try EvaluationText([[], []], ByteTokenizer()) }
    }
}
