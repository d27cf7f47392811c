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
        let grad_norms_clip1: [Double]?
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

    /// Throws unless there is a number for all that is compared.
    private func check() throws {
        let (steps, adamw) = (description.batches.count, description.adamw)
        // There may be another loss, of the last batch after all steps.
        let counts = [
            ("betas", adamw.betas.count, 2), ("learning rates", adamw.lr_per_step.count, steps),
            ("losses", adamw.losses_noclip.count, steps), ("losses with clipping", adamw.losses_clip1.count, steps),
            ("gradient norms", adamw.grad_norms_noclip.count, steps),
            ("gradient norms with clipping", adamw.grad_norms_clip1?.count ?? steps, steps),
        ]
        guard steps > 0 else { throw InputError(description: "\(folder.path) has no batches") }
        for (what, found, needed) in counts where found < needed {
            throw InputError(description: "\(folder.path) has \(found) \(what); \(needed) are needed")
        }
    }

    func verify(on workspace: Workspace) throws -> Verdict {
        try check()
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
        let norms = clip > 0 ? description.adamw.grad_norms_clip1 : description.adamw.grad_norms_noclip
        var (worstLoss, worstNorm) = (0.0, 0.0)
        for (step, batch) in description.batches.enumerated() {
            let report = try trainer.update(
                inputs: batch.idx, targets: batch.targets.flatMap { $0 }, rate: description.adamw.lr_per_step[step])
            worstLoss = max(worstLoss, abs(report.loss - losses[step]))
            if let norms { worstNorm = max(worstNorm, abs(report.gradientNorm / norms[step] - 1)) }
        }
        var worst = 0.0
        let reference = try folder.tensors(expected)
        let parameters = Dictionary(uniqueKeysWithValues: trainer.model.parameters.map { ($0.name, $0) })
        // Of the clipped run, a part of the parameters is recorded.
        guard !reference.isEmpty, clip > 0 || reference.count == parameters.count else {
            throw InputError(
                description: "\(expected) has \(reference.count) tensors, the model \(parameters.count) parameters")
        }
        for name in reference.keys {
            let values = try reference.floats(name)
            let gradient = try gradients[name].map { _ in try gradients.floats(name) }
            guard let found = parameters[name]?.value.floats(), found.count == values.count,
                gradient == nil || gradient?.count == values.count
            else {
                throw InputError(description: "“\(name)” of \(expected) is none of the model's, or of another size")
            }
            guard let gradient else { continue }
            for i in values.indices {
                // Where the gradient is almost nothing, Adam's step is its sign, which rounding may turn.
                if abs(gradient[i]) < 1e-6 { continue }
                let difference = abs(Double(found[i]) - Double(values[i]))
                worst = max(worst, difference.isNaN ? .infinity : difference)
            }
        }
        return [
            Verdict.Check(what: "losses \(label)", difference: worstLoss, tolerance: description.tolerance.loss_abs),
            Verdict.Check(what: "gradient norms, relative,", difference: worstNorm, tolerance: 1e-4),
            Verdict.Check(what: "parameters \(label)", difference: worst, tolerance: 2e-5),
        ]
    }
}
