internal import Foundation
internal import RWKV

/// A trained byte-level model of rwkv.cpp: logits after a short prompt as that project computed them, logits and state
/// after a longer one as the official package did, and a greedy continuation.
struct RealModelCase: GoldenCase {
    private struct Description: Decodable {
        struct Long: Decodable {
            let tokens: [Int32]
            let greedy_tokens: [Int32]
        }
        struct Agreement: Decodable {
            let long: Long
        }
        let name: String
        let tokens: [Int32]
        let pip_vs_expected: Agreement
    }

    private let folder: CaseFolder
    private let description: Description

    init?(_ folder: CaseFolder) {
        guard let description = folder.description(Description.self) else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        guard let name = folder.files.first(where: { $0.hasPrefix("model.") && $0.hasSuffix(".safetensors") }) else {
            throw InputError(description: "\(folder.path) has no model.*.safetensors")
        }
        let model = try LanguageModel(contentsOf: folder.file(name))
        let tape = Tape(on: workspace)
        var checks: [Verdict.Check] = []

        var state = model.initialState()
        let short = Array(try model(description.tokens, state: &state, on: tape).values)
        let binary = try Data(contentsOf: URL(fileURLWithPath: folder.file("expected-logits-\(description.name).bin")))
        let expectedShort = stride(from: 0, to: binary.count - 3, by: 4).map { offset in
            binary.withUnsafeBytes { Float(bitPattern: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
        checks.append(
            Verdict.Check(
                what: "logits", difference: largestDifference(short, expectedShort), tolerance: 1e-5))

        let long = description.pip_vs_expected.long
        let expected = try folder.tensors("expected_long.safetensors")
        state = model.initialState()
        var logits = Array(try model(long.tokens, state: &state, wanted: .all, on: tape).values)
        checks.append(
            Verdict.Check(
                what: "long prompt", difference: largestDifference(logits, try expected.floats("logits")),
                tolerance: 2e-5))
        let worst = try state.tensors().map { slot in
            largestDifference(slot.floats() ?? [], try expected.floats(slot.name))
        }.max()
        checks.append(Verdict.Check(what: "state", difference: worst ?? .infinity, tolerance: 2e-5))

        var greedy: [Int32] = []
        logits = Array(logits.suffix(model.configuration.vocabularySize))
        for _ in long.greedy_tokens {
            let token = Int32(logits.indices.max { logits[$0] < logits[$1] } ?? 0)
            greedy.append(token)
            logits = Array(try model([token], state: &state, on: tape).values)
        }
        let wrong = zip(greedy, long.greedy_tokens).filter { $0 != $1 }.count
        checks.append(Verdict.Check(what: "greedy tokens that differ", difference: Double(wrong), tolerance: 0))
        return Verdict(checks: checks)
    }
}
