internal import RWKV

/// Logits after every token that follow from a tuned state, and that a zero state or the same one transposed give others.
struct StateTuningCase: GoldenCase {
    private struct Description: Decodable {
        let tokens: [Int32]
        let tolerance: Double
        let wrong_orientation_maxdiff: Double
        let zero_state_maxdiff: Double
    }

    private let folder: CaseFolder
    private let description: Description

    init?(_ folder: CaseFolder) {
        guard let description = folder.description(Description.self) else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        let expected = try folder.tensors("expected.safetensors")
        let logits = try expected.floats("logits")
        let modelPath = folder.file("model.bf16.pth")
        let model = try LanguageModel(contentsOf: modelPath)
        var worst = (tuned: 0.0, wrong: Double.infinity, state: 0.0)
        for name in folder.files.sorted() where name.hasPrefix("state.") {
            let path = folder.file(name)
            // The state as it is passed to a model, and as it becomes the model's own.
            let own = try LanguageModel(contentsOf: modelPath, adapters: [.state(path: path)])
            for (model, start) in [(model, try model.state(from: StateFile(path: path))), (own, own.initialState())] {
                let (found, state) = try run(model, from: start, workspace)
                worst.tuned = max(worst.tuned, largestDifference(found, logits))
                let wrong = largestDifference(found, try expected.floats("logits_WRONG_orientation"))
                worst.wrong = min(worst.wrong, wrong)
                for slot in state.tensors() {
                    let difference = largestDifference(slot.floats() ?? [], try expected.floats(slot.name))
                    worst.state = max(worst.state, difference)
                }
            }
        }
        let (zero, _) = try run(model, from: model.initialState(), workspace)
        let tolerance = description.tolerance
        return Verdict(checks: [
            Verdict.Check(what: "logits", difference: worst.tuned, tolerance: tolerance),
            Verdict.Check(what: "state", difference: worst.state, tolerance: tolerance),
            Verdict.Check(
                what: "logits of a zero state",
                difference: largestDifference(zero, try expected.floats("logits_zero_state")), tolerance: tolerance),
            Verdict.Check(
                what: "distance from the zero state’s",
                difference: abs(largestDifference(zero, logits) - description.zero_state_maxdiff), tolerance: 1e-3),
            Verdict.Check(
                what: "distance from the transposed state’s",
                difference: abs(worst.wrong - description.wrong_orientation_maxdiff), tolerance: 1e-3),
        ])
    }

    private func run(
        _ model: LanguageModel, from start: ModelState, _ workspace: Workspace
    ) throws -> ([Float], ModelState) {
        var state = start
        let logits = try model(description.tokens, state: &state, wanted: .all, on: Tape(on: workspace))
        return (Array(logits.values), state)
    }
}
