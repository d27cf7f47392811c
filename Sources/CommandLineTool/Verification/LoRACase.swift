internal import RWKV

/// Logits of a model before and after low-rank factors have been merged into it.
struct LoRACase: GoldenCase {
    private struct Description: Decodable {
        let base: String
        let alpha: Float
        let tokens: [Int32]
    }

    /// As the inference cases allow.
    private static let tolerance = 2e-4

    private let folder: CaseFolder
    private let description: Description

    init?(_ folder: CaseFolder) {
        guard let description = folder.description(Description.self) else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let expected = try folder.tensors("expected.safetensors")
        let base = try LanguageModel(contentsOf: folder.file(description.base))
        var worst = 0.0
        for name in folder.files.sorted() where name.hasPrefix("lora.") {
            let merged = try LanguageModel(
                contentsOf: folder.file(description.base),
                adapters: [.lora(path: folder.file(name), alpha: description.alpha)])
            let difference = largestDifference(try logits(merged, workspace), try expected.floats("logits_merged"))
            worst = max(worst, difference)
        }
        let before = largestDifference(try logits(base, workspace), try expected.floats("logits_base"))
        return Verdict(checks: [
            Verdict.Check(what: "logits before", difference: before, tolerance: Self.tolerance),
            Verdict.Check(what: "logits merged", difference: worst, tolerance: Self.tolerance),
        ])
    }

    private func logits(_ model: LanguageModel, _ workspace: Workspace) throws -> [Float] {
        var state = model.initialState()
        return Array(try model(description.tokens, state: &state, wanted: .all, on: Tape(on: workspace)).values)
    }
}
