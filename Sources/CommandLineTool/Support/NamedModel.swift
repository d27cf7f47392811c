internal import RWKV

/// What the model inside the program is called where a path is expected.
let builtInName = "built-in"

/// A model as the command line names it: a checkpoint, or the one inside the program.
struct NamedModel {
    /// The file or folder; `nil` for the model inside.
    let path: String?

    /// - Parameter argument: A path or `built-in`; without it, the model inside.
    init(_ argument: String?) { path = argument == builtInName ? nil : argument }

    var isBuiltIn: Bool { path == nil }

    /// What messages call it.
    var name: String { path ?? builtInName }

    /// Its tensors as they are.
    func source() throws -> any TensorSource {
        try about(name) {
            guard let path else { return try BuiltInModel.checkpoint() }
            return try ModelCheckpoint(path: path)
        }
    }

    /// Its tensors with adapters applied.
    func checkpoint(_ adapters: [Adapter] = []) throws -> AdaptedCheckpoint {
        try about(name) {
            guard let path else { return try AdaptedCheckpoint(BuiltInModel.checkpoint(), adapters: adapters) }
            return try AdaptedCheckpoint(path: path, adapters: adapters)
        }
    }

    /// The model with adapters applied.
    func load(_ adapters: [Adapter] = []) throws -> LanguageModel {
        let checkpoint = try checkpoint(adapters)
        return try about(name) { try LanguageModel(checkpoint) }
    }
}
