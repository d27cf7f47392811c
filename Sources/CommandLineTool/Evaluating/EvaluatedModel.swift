internal import ArgumentParser
internal import RWKV

/// A model that is measured, with what it needs.
struct EvaluatedModel {
    let name: String
    let model: LanguageModel
    let tokenizer: any Tokenizer
    let workspace: Workspace
}

extension ModelOptions {
    /// A second model, without adapters, with the tokenizer that belongs to it; that of the first one if none does.
    func otherModel(_ path: String, named name: String, _ workspace: Workspace) throws -> EvaluatedModel {
        let named = NamedModel(path)
        let model = try named.load()
        let own = try Self.ownTokenizer(of: named.path, for: model)
        guard let tokenizer = try own ?? tokenizer.load() else {
            throw ValidationError(
                "no tokenizer for \(path): none beside it, and none named with --vocab or --tokenizer")
        }
        return EvaluatedModel(name: name, model: model, tokenizer: tokenizer, workspace: workspace)
    }
}
