internal import RWKV

/// What activations as bytes (`fast`) cost a model, on a text that it writes itself.
///
/// A model predicts its own text as surely as it ever does, so no text and no tokenizer need be given, and models of any
/// vocabulary can be compared.
struct ActivationLoss {
    let divergence: Divergence

    /// Writes `tokenCount` tokens, drawn from the model's own distribution with 32-bit activations, and reads them
    /// both ways.
    init(of model: LanguageModel, tokenCount: Int) throws {
        let exact = Workspace(threadCount: ThreadPool.processorCount, precision: .exact)
        let fast = Workspace(threadCount: ThreadPool.processorCount, precision: .fast)
        let comparison = ModelComparison(of: [ComparedModel(model, on: fast)], with: ComparedModel(model, on: exact))
        divergence = try comparison.measure(Self.text(of: model, tokenCount, on: exact)).others[0]
    }

    private static func text(of model: LanguageModel, _ count: Int, on workspace: Workspace) throws -> [TokenID] {
        var parameters = SamplingParameters.unfiltered
        parameters.seed = 1
        var sampler = try Sampler(parameters)
        var state = model.initialState()
        var text: [TokenID] = []
        let tape = Tape(on: workspace)
        while text.count < count {
            let logits = try model([text.last ?? 0], state: &state, on: tape)
            text.append(TokenID(try sampler.sample(Array(logits.values(ofRow: 0)))))
        }
        return text
    }
}
