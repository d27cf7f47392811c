import Generation
import Tensors
import Testing

@Suite("Stop sequences")
struct StopSequencesTests {
    /// The whole stream at once: the match that starts first, the longest of those.
    private func naive(_ stream: [UInt8], _ stops: [[UInt8]]) -> (text: [UInt8], index: Int?) {
        for start in stream.indices {
            let here = stops.indices.filter { stream[start...].starts(with: stops[$0]) }
            let length = here.map { stops[$0].count }.max()
            if let index = here.first(where: { stops[$0].count == length }) { return (Array(stream[..<start]), index) }
        }
        return (stream, nil)
    }

    @Test("Any stream cut anywhere gives the text and the match of a search through the whole", arguments: 1...300)
    func equalsNaiveSearch(seed: UInt64) throws {
        var random = RandomNumbers(seed: seed)
        // Two or three letters make overlaps and false beginnings common.
        let letters = 2 + random.below(2)
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(97 + random.below(letters)) } }
        let stops = (0..<random.below(5)).map { _ in bytes(1 + random.below(6)) }
        let stream = bytes(random.below(40))
        var matcher = try StopSequences(stops)
        var text: [UInt8] = []
        var match: StopSequences.Match?
        var received = 0
        while received < stream.count && match == nil {
            let chunk = stream[received...].prefix(random.below(5))
            received += chunk.count
            let output = matcher.append(chunk)
            text += output.text
            match = output.match
        }
        if match == nil {
            let output = matcher.finish()
            text += output.text
            match = output.match
        }
        let expected = naive(stream, stops)
        #expect(text == expected.text)
        #expect(match?.index == expected.index)
        #expect(matcher.matchedIndex == expected.index)
        if let match { #expect(text + stops[match.index] + match.remainder == Array(stream[..<received])) }
    }

    @Test("Bytes are held back only while they may begin a stop sequence")
    func heldBack() throws {
        var matcher = try StopSequences(["\n\nUser:", "END"])
        #expect(matcher.append("Hello\n".utf8) == .init(text: "Hello", match: nil))
        #expect(matcher.append("\nUs".utf8) == .init(text: "", match: nil))
        #expect(matcher.append("ual".utf8) == .init(text: "\n\nUsual", match: nil))
        #expect(matcher.append(" E".utf8) == .init(text: " ", match: nil))
        #expect(matcher.append("ND, after".utf8) == .init(text: "", match: .init(index: 1, remainder: ", after")))
        #expect(matcher.append("more".utf8) == .init(text: "", match: nil))
        #expect(matcher.finish() == .init(text: "", match: nil))
    }

    @Test("The longer of two matches at one place is waited for, and the shorter taken if it does not come")
    func longest() throws {
        var first = try StopSequences(["end", "ending"])
        #expect(first.append("the end".utf8) == .init(text: "the ", match: nil))
        #expect(first.append("ing.".utf8) == .init(text: "", match: .init(index: 1, remainder: ".")))
        var second = try StopSequences(["end", "ending"])
        _ = second.append("end".utf8)
        #expect(second.finish() == .init(text: "", match: .init(index: 0, remainder: "")))
    }

    @Test("A character cut between two tokens is matched as a whole")
    func splitCharacter() throws {
        var matcher = try StopSequences(["終"])
        let bytes = Array("始終".utf8)
        #expect(matcher.append(bytes[..<4]) == .init(text: "始", match: nil))
        #expect(matcher.append(bytes[4...]).match?.index == 0)
    }

    @Test("Without stop sequences everything passes; an empty one is refused by its place")
    func noneAndEmpty() throws {
        var none = try StopSequences([String]())
        #expect(none.append("abc".utf8) == .init(text: "abc", match: nil))
        #expect(throws: SamplingError.emptyStopSequence(index: 1)) { try StopSequences(["a", ""]) }
    }
}

extension StopSequences.Output {
    fileprivate init(text: String, match: StopSequences.Match?) { self.init(text: Array(text.utf8), match: match) }
}

extension StopSequences.Match {
    fileprivate init(index: Int, remainder: String) { self.init(index: index, remainder: Array(remainder.utf8)) }
}
