internal import RWKV

/// Loss, logits, every gradient, and the parameters after three AdamW steps with the official groups.
struct TrainingCase: GoldenCase {
    struct Batch: Decodable {
        let idx: [[Int32]]
        let targets: [[Int32]]
    }
    struct Optimizer: Decodable {
        let betas: [Double]
        let eps: Double
        let weight_decay: Double
        let lr_per_step: [Double]
        let losses_noclip: [Double]
        let losses_clip1: [Double]
        let grad_norms_noclip: [Double]
    }
    struct Tolerance: Decodable {
        let loss_abs: Double
        let logits_abs: Double
    }
    private struct Description: Decodable {
        let batches: [Batch]
        let loss: Double
        let params_without_grad: [String]
        let adamw: Optimizer
        let tolerance: Tolerance
    }

    private let folder: CaseFolder
    private let description: Description

    init?(_ folder: CaseFolder) {
        guard let description = folder.description(Description.self) else { return nil }
        self.folder = folder
        self.description = description
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        var checks = try logitChecks(workspace)
        checks += try gradientChecks(workspace)
        checks += try stepChecks(clip: 0, expected: "params_after3.safetensors", label: "after 3 steps", workspace)
        checks += try stepChecks(
            clip: 1, expected: "params_after3_clip1_subset.safetensors", label: "after 3 clipped steps", workspace)
        return Verdict(checks: checks)
    }

    private func trainer(clip: Double, _ workspace: Workspace) throws -> Trainer {
        let model = try LanguageModel(contentsOf: folder.file("model.safetensors"), training: .full)
        var options = TrainingOptions()
        options.optimizer.beta1 = description.adamw.betas[0]
        options.optimizer.beta2 = description.adamw.betas[1]
        options.optimizer.epsilon = description.adamw.eps
        options.optimizer.weightDecay = description.adamw.weight_decay
        options.gradientClip = clip
        options.contextLength = 1
        return try Trainer(model, options, tokens: [0, 0], on: workspace)
    }

    private func logitChecks(_ workspace: Workspace) throws -> [Verdict.Check] {
        let model = try LanguageModel(contentsOf: folder.file("model.safetensors"))
        var chunks = description.batches[0].idx.map {
            SequenceChunk(tokens: $0, state: model.initialState(), wanted: .all)
        }
        let found = try model(&chunks, on: Tape(on: workspace))
        let expected = try folder.tensors("expected.safetensors").floats("logits")
        return [
            Verdict.Check(
                what: "logits", difference: largestDifference(found.values, expected),
                tolerance: description.tolerance.logits_abs)
        ]
    }

    private func gradientChecks(_ workspace: Workspace) throws -> [Verdict.Check] {
        let trainer = try trainer(clip: 0, workspace)
        let batch = description.batches[0]
        let loss = try trainer.accumulate(inputs: batch.idx, targets: batch.targets.flatMap { $0 })
        let expected = try folder.tensors("grads.safetensors")
        var worst = 0.0
        for parameter in trainer.model.parameters where !description.params_without_grad.contains(parameter.name) {
            let reference = try expected.floats(parameter.name)
            let largest = reference.reduce(0) { max($0, abs($1)) }
            // The case allows 1e-3 of the tensor's largest gradient and 2e-6; 1 here is all of that.
            let allowed = 1e-3 * Double(largest) + 2e-6
            worst = max(worst, largestDifference(trainer.gradient(of: parameter).values, reference) / allowed)
        }
        return [
            Verdict.Check(
                what: "loss", difference: abs(loss - description.loss), tolerance: description.tolerance.loss_abs),
            Verdict.Check(what: "gradients, of what is allowed,", difference: worst, tolerance: 1),
        ]
    }

    private func stepChecks(
        clip: Double, expected: String, label: String, _ workspace: Workspace
    ) throws -> [Verdict.Check] {
        let trainer = try trainer(clip: clip, workspace)
        let gradients = try folder.tensors("grads.safetensors")
        let losses = clip > 0 ? description.adamw.losses_clip1 : description.adamw.losses_noclip
        var worstLoss = 0.0
        for (step, batch) in description.batches.enumerated() {
            let report = try trainer.update(
                inputs: batch.idx, targets: batch.targets.flatMap { $0 }, rate: description.adamw.lr_per_step[step])
            worstLoss = max(worstLoss, abs(report.loss - losses[step]))
        }
        var worst = 0.0
        let reference = try folder.tensors(expected)
        for parameter in trainer.model.parameters {
            guard let values = reference[parameter.name]?.floats(), let found = parameter.value.floats() else {
                continue
            }
            let gradient = gradients[parameter.name]?.floats() ?? [Float](repeating: 0, count: values.count)
            for i in values.indices {
                // Where the gradient is almost nothing, Adam's step is its sign, which rounding may turn.
                if abs(gradient[i]) < 1e-6 { continue }
                let difference = abs(Double(found[i]) - Double(values[i]))
                worst = max(worst, difference.isNaN ? .infinity : difference)
            }
        }
        return [
            Verdict.Check(what: "losses \(label)", difference: worstLoss, tolerance: description.tolerance.loss_abs),
            Verdict.Check(
                what: "parameters \(label)", difference: reference.isEmpty ? .infinity : worst, tolerance: 2e-5),
        ]
    }
}
