import Testing
import Tokenizers

@Suite("Unicode normalisation form C")
struct CanonicalCompositionTests {
    // From the Unicode Standard Annex #15, its figures 3 to 6, and the chart of Hangul syllables.
    @Test(
        "Known texts compose",
        arguments: [
            ("e\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"), ("A\u{30A}", "\u{C5}"), ("\u{2126}", "\u{3A9}"),
            ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"), ("s\u{323}\u{307}", "\u{1E69}"), ("s\u{307}\u{323}", "\u{1E69}"),
            ("d\u{307}\u{323}", "\u{1E0D}\u{307}"), ("\u{1E0B}\u{323}", "\u{1E0D}\u{307}"),
            ("\u{958}", "\u{915}\u{93C}"),
            ("\u{1100}\u{1161}", "\u{AC00}"), ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
            ("\u{AC00}\u{11A8}", "\u{AC01}"),
            ("\u{AC01}\u{11A8}", "\u{AC01}\u{11A8}"), ("\u{1161}\u{11A8}", "\u{1161}\u{11A8}"),
            ("\u{F900}", "\u{8C48}"), ("\u{2F800}x", "\u{4E3D}x"), ("\u{1D15E}", "\u{1D157}\u{1D165}"),
            ("\u{301}a", "\u{301}a"), ("a\u{345}\u{301}", "\u{E1}\u{345}"), ("\u{344}", "\u{308}\u{301}"),
            ("x\u{340}\u{DC0}", "x\u{300}\u{DC0}"), ("\u{FB01}", "\u{FB01}"), ("", ""), ("plain", "plain"),
        ])
    func known(text: String, expected: String) {
        #expect(Array(normalized(text)) == Array(expected.utf8))
    }

    @Test("The result equals the text in Swift's eyes, is composed already, and is the same for all equal texts")
    func laws() {
        let marks = [
            "\u{301}", "\u{316}", "\u{327}", "\u{345}", "\u{308}", "\u{5B0}", "\u{3099}", "\u{94D}", "\u{334}",
        ]
        let bases = [
            "a", "é", "ǘ", "ệ", "Ω", "\u{212B}", "か", "\u{1100}", "\u{1161}", "\u{11A8}", "가", "\u{F900}", "x",
            "\u{958}", "क",
        ]
        var numbers = RepeatableNumbers(seed: 9)
        for _ in 0..<3000 {
            var pieces = [bases[Int.random(in: 0..<bases.count, using: &numbers)]]
            for _ in 0..<Int.random(in: 0...5, using: &numbers) {
                pieces.append((Bool.random(using: &numbers) ? marks : bases).randomElement(using: &numbers) ?? "")
            }
            let text = pieces.joined()
            let once = normalized(text)
            #expect(String(decoding: once, as: UTF8.self) == text)
            #expect(CanonicalComposition.normalized(once, 0..<once.count) == nil)
            let shuffled = pieces.shuffled(using: &numbers).joined()
            // Swift compares strings by canonical equivalence.
            if shuffled == text { #expect(normalized(shuffled) == once) }
        }
    }

    @Test("Every scalar that decomposes is equal to its normal form, and has one normal form")
    func everyScalar() {
        var changed = 0
        var wrong: [Unicode.Scalar] = []
        for value in UInt32(0)..<0x30000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let text = String(scalar)
            let result = normalized(text)
            if Array(text.utf8) != result { changed += 1 }
            if String(decoding: result, as: UTF8.self) != text { wrong.append(scalar) }
        }
        // Of 2060 decompositions without Hangul, 1035 are singletons and 85 pairs do not compose again.
        #expect(changed == 1120)
        #expect(wrong == [])
    }

    @Test("Bytes that are not UTF-8 stay, and what is around them is composed")
    func illFormed() {
        let bytes: [UInt8] = [0xFF, 0xCC, 0x81, 0x65, 0xCC, 0x81, 0xE4, 0xBD, 0x65, 0xCC, 0x81, 0xCC]
        let expected: [UInt8] = [0xFF, 0xCC, 0x81, 0xC3, 0xA9, 0xE4, 0xBD, 0xC3, 0xA9, 0xCC]
        #expect(CanonicalComposition.normalized(bytes, 0..<bytes.count) == expected)
    }

    @Test("A long run of marks is put in order")
    func manyMarks() {
        let text = "a" + String(repeating: "\u{301}\u{316}", count: 50_000)
        let expected = "á" + String(repeating: "\u{316}", count: 50_000) + String(repeating: "\u{301}", count: 49_999)
        // á is not blocked by U+0316, whose class is lower.
        #expect(normalized(text) == Array(expected.utf8))
    }

    private func normalized(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        return CanonicalComposition.normalized(bytes, 0..<bytes.count) ?? bytes
    }
}
