import Explanation
import Foundation
import LanguageModels
import Tensors
import TestSupport
import Testing

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("Explanations and their pages")
struct ExplanationTests {
    @Test(
        "Half-lives are those of the weights where they depend on nothing else",
        arguments: ["rwkv4", "rwkv5.0", "rwkv5.1", "rwkv5.2"])
    func halfLives(architecture: String) throws {
        let model = try randomByteModel(architecture)
        let found = try explain(model)
        for (layer, expected) in zip(found.layers, model.decayHalfLives()) {
            // Versions 5.0 and 5.1 have one for each head of 8 channels.
            let repeats = layer.halfLives.count / expected.count
            #expect(difference(layer.halfLives, expected.flatMap { Array(repeating: $0, count: repeats) }) < 1e-3)
        }
    }

    @Test("The present's shares are the weights of the token shift")
    func shares() throws {
        let model = try randomByteModel("rwkv4")
        let expected = try #require(model.tensors().first { $0.name == "blocks.1.att.time_mix_k" }?.floats())
        let found = try #require(try explain(model).layers[1].tokenShift)
        #expect(difference(found.key, expected.map(Double.init).sorted()) < 1e-3)
        let seven = try randomByteModel("rwkv7")
        let before = try #require(seven.tensors().first { $0.name == "blocks.1.att.x_v" }?.floats())
        let shares = try #require(try explain(seven).layers[1].tokenShift)
        #expect(difference(shares.value, before.map { 1 - Double($0) }.sorted()) < 1e-3)
    }

    @Test("The last prediction is the softmax of the logits, the likeliest first", arguments: allNames)
    func predictions(architecture: String) throws {
        let model = try randomByteModel(architecture)
        let logits = try someTrace(architecture).logits.rows
        let found = try explain(model, position: 4)
        let sum = logits[4].reduce(0) { $0 + exp(Double($1)) }
        let expected = logits[4].enumerated().sorted { $0.element > $1.element }.prefix(12)
        #expect(found.next.map { Int($0.id) } == expected.map(\.offset))
        #expect(difference(found.next.map(\.probability), expected.map { exp(Double($0.element)) / sum }) < 1e-6)
        #expect(found.predictions.count == (recurrentNames.contains(architecture) ? 1 : 2))
        let last = try #require(found.predictions.last)
        #expect(last[4].best.map(\.id) == found.next.prefix(3).map(\.id))
        let next = try #require(last[4].nextProbability)
        #expect(abs(next - exp(Double(logits[4][Int(someTokens[5])])) / sum) < 1e-9)
        #expect(last[someTokens.count - 1].nextProbability == nil)
    }

    @Test("Gates and awake channels are those of the channel mix", arguments: allNames)
    func channelMix(architecture: String) throws {
        let found = try explain(try randomByteModel(architecture)).layers[0]
        let hasGate = ["rwkv4", "rwkv5.0", "rwkv5.1", "rwkv5.2", "rwkv6"].contains(architecture)
        #expect((found.gate != nil) == hasGate)
        #expect((found.activeShare != nil) == architecture.hasPrefix("rwkv"))
        for share in found.activeShare ?? [] { #expect(share > 0 && share < 1) }
        for gate in found.gate ?? [] { #expect(gate > 0 && gate < 1) }
    }

    @Test("A page is well formed, whole and loads nothing", arguments: allNames)
    func page(architecture: String) throws {
        let page = ExplanationPage(try explain(try randomByteModel(architecture)), modelName: "m.pth").html()
        for forbidden in ["://", "src=", "href=", "@import", "url(", "<link", "<iframe", "<img"] {
            #expect(!page.replacing("\"http:\" + \"//www.w3.org", with: "").contains(forbidden), "\(forbidden)")
        }
        #expect(!page.contains("nan") && !page.contains("inf<"))
        #expect(isWellFormed(page))
        let titles = page.components(separatedBy: "<h2>").dropFirst().map { String($0.prefix { $0 != "<" }) }
        #expect(titles.first == "1 · Input embedding")
        #expect(titles.contains { $0.contains("What it costs") })
        let state = architecture == "rwkv4" ? "num, den and wkv" : "state matrices"
        #expect(titles.contains { $0.contains(state) } == architecture.hasPrefix("rwkv"))
        #expect(titles.contains { $0.contains("still carries") } == architecture.hasPrefix("rwkv"))
        #expect(titles.contains { $0.contains("Hidden state") } == recurrentNames.contains(architecture))
        #expect(titles.count == (architecture.hasPrefix("rwkv") ? 10 : architecture == "transformer" ? 6 : 4))
    }

    @Test("A text of hostile tokens cannot become part of the page")
    func hostile() throws {
        let text = "</script><img src=x> \"'&\u{202E}\u{0}\n"
        let tokens = Array(text.utf8.map { Int32($0) })
        let page = ExplanationPage(
            try Explainer.explain(
                try randomByteModel("rwkv7"), tokens, on: Workspace(threadCount: 1),
                label: { _ in "</script><img src=x>\"'&" }),
            modelName: "<b>&\"</b>"
        ).html()
        #expect(isWellFormed(page))
        #expect(page.components(separatedBy: "</script>").count == 2)
        #expect(!page.contains("<img") && !page.contains("<b>&"))
        #expect(page.contains("&lt;img src=x&gt;"))
    }

    @Test("Labels show what cannot be seen")
    func labels() {
        #expect(TokenLabel.text(Array(" a\nb\t".utf8)) == "␣a⏎b⇥")
        #expect(TokenLabel.text([0xE4]) == "\\xE4")
        #expect(TokenLabel.text([0x61, 0xE4, 0xB8]) == "a\\xE4\\xB8")
        #expect(TokenLabel.text(Array("\u{202E}中é".utf8)) == "\\u202E中é")
        #expect(TokenLabel.text([]) == "∅")
        #expect(TokenLabel.text([0]) == "\\u0000")
    }

    @Test("Wrong wishes are named")
    func errors() throws {
        let model = try randomByteModel("rwkv7")
        #expect(throws: ExplanationError.noTokens) { try explain(model, []) }
        #expect(throws: ExplanationError.tooManyTokens(found: 65, limit: 64)) {
            try explain(model, Array(repeating: 65, count: 65))
        }
        #expect(throws: ExplanationError.outside(what: "layer", found: 2, count: 2)) { try explain(model, layer: 2) }
        #expect(throws: ExplanationError.outside(what: "head", found: 2, count: 2)) { try explain(model, head: 2) }
        #expect(throws: ExplanationError.outside(what: "position", found: 12, count: 12)) {
            try explain(model, position: 12)
        }
        #expect(throws: ModelError.tokenOutOfRange(token: 256, position: 0, vocabularySize: 256)) {
            try explain(model, [256])
        }
    }

    @Test("One token is enough, and 64 are not too many", arguments: allNames, [1, 64])
    func sizes(architecture: String, count: Int) throws {
        let tokens = (0..<count).map { Int32(65 + $0 % 50) }
        let page = ExplanationPage(try explain(try randomByteModel(architecture), tokens), modelName: "m").html()
        #expect(isWellFormed(page))
        #expect(page.utf8.count < 2_000_000)
    }

    /// Whether an XML reader accepts the page without its script.
    private func isWellFormed(_ page: String) -> Bool {
        guard let start = page.range(of: "<script>"), let end = page.range(of: "</script>", options: .backwards) else {
            return false
        }
        let text = String(page[..<start.lowerBound]) + String(page[end.upperBound...])
        return XMLParser(data: Data(text.utf8)).parse()
    }
}
