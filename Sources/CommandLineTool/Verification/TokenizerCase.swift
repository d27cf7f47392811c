internal import Foundation
internal import RWKV

/// Texts and the token ids that the official tokenizers give them.
struct TokenizerCase: GoldenCase {
    private struct Cases: Decodable {
        struct Text: Decodable {
            let text: String
            let world: [TokenID]
            let neox: [TokenID]
        }
        struct Bytes: Decodable {
            let bytes_hex: String
            let world: [TokenID]
        }
        struct Ids: Decodable {
            let ids: [TokenID]
            let bytes_hex: String
        }
        let strings: [Text]
        let raw_bytes: [Bytes]
        let world_decode: [Ids]
    }

    private let folder: CaseFolder

    init?(_ folder: CaseFolder) {
        guard folder.files.contains("cases.json") else { return nil }
        self.folder = folder
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let cases = try folder.json("cases.json", Cases.self)
        let world = try loadTokenizer(at: folder.file("rwkv_vocab_v20230424.txt"))
        let neox = try loadTokenizer(at: folder.file("20B_tokenizer.json"))
        func wrong<Case>(_ what: String, _ cases: [Case], _ isRight: (Case) -> Bool) -> Verdict.Check {
            let count = cases.filter { !isRight($0) }.count
            return Verdict.Check(
                what: "\(what): of \(cases.count) wrong", difference: cases.isEmpty ? .infinity : Double(count),
                tolerance: 0)
        }
        return Verdict(checks: [
            wrong("World texts", cases.strings) { world.encode(bytes: Array($0.text.utf8)) == $0.world },
            wrong("NeoX texts", cases.strings) { neox.encode(bytes: Array($0.text.utf8)) == $0.neox },
            wrong("World bytes", cases.raw_bytes) {
                world.encode(bytes: bytes($0.bytes_hex)) == $0.world && world.decode($0.world) == bytes($0.bytes_hex)
            },
            wrong("World ids", cases.world_decode) { world.decode($0.ids) == bytes($0.bytes_hex) },
        ])
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)
        }
    }
}
