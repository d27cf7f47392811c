internal import Foundation
internal import RWKV

/// A trained byte-level model of rwkv.cpp: logits after a short prompt as that project computed them, logits and state
/// after a longer one as the official package did, and a greedy continuation; the same short prompt with the weights of
/// its `.bin` files, by both.
struct RealModelCase: GoldenCase {
    private struct Description: Decodable {
        struct Long: Decodable {
            let tokens: [Int32]
            let greedy_tokens: [Int32]
            /// The `.bin` file that the longer prompt's numbers belong to.
            let weights: String?
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
    private var long: Description.Long { description.pip_vs_expected.long }

    init?(_ folder: CaseFolder) {
        guard let description = folder.description(Description.self) else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let tape = Tape(on: workspace)
        let weights = long.weights ?? "FP32"
        let checkpoint = folder.files.sorted().first { $0.hasPrefix("model.") && $0.hasSuffix(".safetensors") }
        guard let checkpoint = checkpoint ?? folder.files.first(where: { $0.hasSuffix("-\(weights).bin") }) else {
            throw InputError(description: "\(folder.path) has neither model.*.safetensors nor a \(weights) file")
        }
        let file = try CheckpointFile.open(path: folder.file(checkpoint))
        var checks: [Verdict.Check] = []
        if weights == "FP32" {
            checks.append(try compareWithPeer("logits", file, tape))
        }
        checks += try compareWithOfficial(try LanguageModel(loading: AsOfficial(file)), tape)
        for name in folder.files.sorted() where name.hasSuffix(".bin") && !name.hasPrefix("expected-") {
            checks.append(try compareBinary(name, tape))
        }
        return Verdict(checks: checks)
    }

    /// FP32 with what rwkv.cpp computed; others with what the official package computed with the numbers that they stand
    /// for, because rwkv.cpp rounds activations to them as well.
    private func compareBinary(_ name: String, _ tape: Tape) throws -> Verdict.Check {
        let type = String(name.dropLast(4).split(separator: "-").last ?? "")
        let file = try CheckpointFile.open(path: folder.file(name))
        if type == "FP32" { return try compareWithPeer("\(type).bin", file, tape) }
        let expected = try folder.tensors("pip_logits_\(type).safetensors").floats("logits_\(type)")
        let logits = try shortLogits(LanguageModel(loading: AsOfficial(file)), tape)
        return Verdict.Check(
            what: "\(type).bin", difference: largestDifference(logits, expected), tolerance: 1e-5)
    }

    private func compareWithPeer(
        _ what: String, _ file: any Checkpoint, _ tape: Tape
    ) throws -> Verdict.Check {
        let logits = try shortLogits(LanguageModel(loading: AsPeer(file)), tape)
        let binary = try Data(contentsOf: URL(fileURLWithPath: folder.file("expected-logits-\(description.name).bin")))
        let expected = stride(from: 0, to: binary.count - 3, by: 4).map { offset in
            binary.withUnsafeBytes { Float(bitPattern: $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
        }
        return Verdict.Check(what: what, difference: largestDifference(logits, expected), tolerance: 1e-5)
    }

    private func shortLogits(_ model: LanguageModel, _ tape: Tape) throws -> [Float] {
        var state = model.initialState()
        return Array(try model(description.tokens, state: &state, on: tape).values)
    }

    private func compareWithOfficial(_ model: LanguageModel, _ tape: Tape) throws -> [Verdict.Check] {
        var checks: [Verdict.Check] = []
        let expected = try folder.tensors("expected_long.safetensors")
        var state = model.initialState()
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
        let wrong = greedy.isEmpty ? .infinity : Double(zip(greedy, long.greedy_tokens).count { $0 != $1 })
        checks.append(Verdict.Check(what: "greedy tokens that differ", difference: wrong, tolerance: 0))
        return checks
    }
}

private let epsilonKey = "group_norm_epsilon"

/// A model as the official package computes it: with the official epsilons, whatever the file says.
private struct AsOfficial: TensorSource {
    let tensors: [StoredTensor]
    let metadata: [String: String]

    init(_ source: any Checkpoint) {
        tensors = source.tensors
        metadata = source.metadata.filter { $0.key != epsilonKey }
    }
}

/// A model as rwkv.cpp computes it, which takes another epsilon for RWKV-5, whatever file it comes from.
private struct AsPeer: TensorSource {
    let tensors: [StoredTensor]
    let metadata: [String: String]

    init(_ source: any Checkpoint) {
        tensors = source.tensors
        let hasGroupNorm = source.tensors.contains { $0.name.hasSuffix(".att.ln_x.weight") }
        let isLater = source.tensors.contains { $0.name.contains(".att.time_maa_") || $0.name.hasSuffix(".att.r_k") }
        metadata = source.metadata.merging(hasGroupNorm && !isLater ? [epsilonKey: "1e-05"] : [:]) { $1 }
    }
}
