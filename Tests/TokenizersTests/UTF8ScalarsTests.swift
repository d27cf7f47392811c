import Testing
import Tokenizers

@Suite("Reading UTF-8")
struct UTF8ScalarsTests {
    @Test("Every scalar is read as itself")
    func everyScalar() {
        var wrong: [UInt32] = []
        for value in UInt32(0)..<0x110000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            var bytes: [UInt8] = [0x80]
            appendScalar(scalar, to: &bytes)
            let read = decodeScalar(bytes, at: 1, end: bytes.count)
            if read.value != value || read.length != bytes.count - 1 { wrong.append(value) }
            let cut = decodeScalar(bytes, at: 1, end: max(2, bytes.count - 1))
            if value >= 0x80, cut.value != illFormedScalar || cut.length != 1 { wrong.append(value) }
        }
        #expect(wrong == [])
    }

    @Test("What is well-formed is what Swift's strings say", arguments: 0..<20)
    func validity(seed: Int) {
        var numbers = RepeatableNumbers(seed: UInt64(seed))
        var valid = 0
        for _ in 0..<2000 {
            let bytes = numbers.bytes(count: Int.random(in: 1...4, using: &numbers))
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            #expect((firstIllFormedByte(in: bytes) == nil) == isValid, "\(bytes)")
            if isValid { valid += 1 }
        }
        #expect((100...1900).contains(valid))
    }

    @Test(
        "The first byte that is not well-formed is found", arguments: [0xC0, 0xE0, 0xED, 0xF0, 0xF4, 0xFF] as [UInt8])
    func place(lead: UInt8) {
        let second: UInt8 = lead == 0xED || lead == 0xF4 ? 0xBF : 0x80
        #expect(firstIllFormedByte(in: Array("é".utf8) + [lead, second, 0x80, 0x80]) == 2)
    }
}
