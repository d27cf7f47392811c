internal import RWKV

/// Logits after every token and the state after the last, for each of the case's model files, fed whole and in chunks.
struct InferenceCase: GoldenCase {
    private struct Description: Decodable {
        /// A number for logits and states, or one for each.
        struct Tolerance: Decodable {
            let logits_abs: Double
            let state_abs: Double?
            let state_rel: Double?

            private enum CodingKeys: CodingKey { case logits_abs, state_abs, state_rel }

            init(from decoder: any Decoder) throws {
                if let both = try? decoder.singleValueContainer().decode(Double.self) {
                    (logits_abs, state_abs, state_rel) = (both, both, nil)
                    return
                }
                let values = try decoder.container(keyedBy: CodingKeys.self)
                logits_abs = try values.decode(Double.self, forKey: .logits_abs)
                state_abs = try values.decodeIfPresent(Double.self, forKey: .state_abs)
                state_rel = try values.decodeIfPresent(Double.self, forKey: .state_rel)
            }
        }
        let tokens: [Int32]
        let tolerance: Tolerance
    }

    private let folder: CaseFolder
    private let description: Description

    init?(_ folder: CaseFolder) {
        guard folder.files.contains("expected.safetensors"), let description = folder.description(Description.self)
        else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        guard !description.tokens.isEmpty else { throw InputError(description: "\(folder.path) has no tokens") }
        let expected = try folder.tensors("expected.safetensors")
        let logits = try expected.floats("logits")
        var worst = (logits: 0.0, state: 0.0)
        for path in modelPaths {
            let model = try LanguageModel(contentsOf: path)
            for chunk in [description.tokens.count, 1, 7] {
                let (found, state) = try run(model, chunk, workspace)
                worst.logits = max(worst.logits, largestDifference(found, logits))
                worst.state = max(worst.state, try difference(of: state, from: expected))
            }
        }
        guard !modelPaths.isEmpty else { throw InputError(description: "\(folder.path) has no model file") }
        var checks = [
            Verdict.Check(what: "logits", difference: worst.logits, tolerance: description.tolerance.logits_abs)
        ]
        if description.tolerance.state_abs != nil {
            checks.append(Verdict.Check(what: "state, of what is allowed,", difference: worst.state, tolerance: 1))
        }
        return Verdict(checks: checks)
    }

    /// The case's model files; the folder itself if it holds a model in shards.
    private var modelPaths: [String] {
        let names = folder.files.sorted().filter { $0.hasPrefix("model.") }
        if names.contains(where: { $0.hasSuffix(".index.json") }) { return [folder.path] }
        return names.map(folder.file)
    }

    private func run(_ model: LanguageModel, _ chunk: Int, _ workspace: Workspace) throws -> ([Float], ModelState) {
        let tape = Tape(on: workspace)
        var state = model.initialState()
        var logits: [Float] = []
        for start in stride(from: 0, to: description.tokens.count, by: chunk) {
            let tokens = Array(description.tokens[start..<min(start + chunk, description.tokens.count)])
            logits += try model(tokens, state: &state, wanted: .all, on: tape).values
        }
        return (logits, state)
    }

    /// The largest difference of a state's numbers as a share of what the case allows for a number of its size.
    private func difference(of state: ModelState, from expected: [String: StoredTensor]) throws -> Double {
        guard let absolute = description.tolerance.state_abs else { return 0 }
        let relative = description.tolerance.state_rel ?? 0
        let slots = state.tensors()
        guard expected.keys.count(where: { $0.hasPrefix("state.") }) == slots.count else {
            throw InputError(description: "the case has another number of the state's tensors than the model's")
        }
        var worst = 0.0
        for slot in slots {
            let values = try expected.floats(slot.name)
            guard let found = slot.floats(), found.count == values.count else {
                throw InputError(description: "“\(slot.name)” has another size than the model's")
            }
            for (a, b) in zip(found, values) {
                let share = abs(Double(a) - Double(b)) / (absolute + relative * abs(Double(b)))
                worst = max(worst, share.isNaN ? .infinity : share)
            }
        }
        return worst
    }
}
