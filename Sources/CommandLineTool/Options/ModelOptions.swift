internal import ArgumentParser
internal import RWKV

/// Which model, which tokenizer, how many threads.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            """
            A checkpoint (.safetensors, .pth, .gguf, .bin) or a folder from the Hugging Face hub; without it, or with \
            built-in, the small model inside the program.
            """, valueName: "path"))
    private var modelName: String?

    @OptionGroup var adapters: AdapterOptions

    @OptionGroup var tokenizer: TokenizerOptions

    @OptionGroup var activations: PrecisionOptions

    @OptionGroup var threading: ThreadOptions

    /// The path of the model; `nil` is the one inside the program.
    var model: String? { NamedModel(modelName).path }

    /// What to compute with.
    func workspace() -> Workspace { threading.workspace(activations.precision.precision) }

    /// The model with its adapters applied.
    /// - Parameter firstState: A file with the state that its texts begin with.
    func loadModel(firstState: String? = nil) throws -> LanguageModel {
        let all = try adapters.adapters() + (firstState.map { [Adapter.state(path: $0)] } ?? [])
        let named = NamedModel(modelName)
        let checkpoint = try named.checkpoint(all)
        if !named.isBuiltIn { warnAboutNonFiniteWeights(checkpoint, path: named.name) }
        return try about(named.name) { try LanguageModel(checkpoint) }
    }

    /// The tokenizer asked for, or the one that belongs to the model.
    func loadTokenizer(for loaded: LanguageModel) throws -> any Tokenizer {
        try Self.tokenizer(tokenizer, of: model, for: loaded)
    }

    /// The tokenizer that the options name, or the one that belongs to the model at `model`; `nil` is the one inside.
    static func tokenizer(
        _ tokenizer: TokenizerOptions, of model: String?, for loaded: LanguageModel
    ) throws -> any Tokenizer {
        if let named = try tokenizer.load() {
            warnOfMisfit(named, loaded.configuration.vocabularySize)
            return named
        }
        if let found = try ownTokenizer(of: model, for: loaded) { return found }
        return try tokenizer.find(
            beside: model ?? builtInName, vocabularySize: loaded.configuration.vocabularySize)
    }

    /// The tokenizer in the model's file or beside it, or that of the model inside; `nil` if there is none.
    static func ownTokenizer(of model: String?, for loaded: LanguageModel) throws -> (any Tokenizer)? {
        guard let model else { return try BuiltInModel.tokenizer() }
        let carried = try about(model) { try ModelCheckpoint.vocabularySource(at: model) }
        if let found = try carried.flatMap(CarriedTokenizer.tokenizer) { return found }
        return try TokenizerOptions.locate(
            beside: model, vocabularySize: loaded.configuration.vocabularySize)?.tokenizer
    }
}

/// Warns of a tokenizer that was named and is hardly the model's: it has more tokens, or far fewer.
func warnOfMisfit(_ tokenizer: any Tokenizer, _ vocabularySize: Int) {
    let count = tokenizer.vocabularySize
    guard count > vocabularySize || count < vocabularySize / 2 else { return }
    Terminal.note(
        "warning: the tokenizer has \(count) tokens, the model \(vocabularySize); was it trained with another one?")
}

/// How many threads compute.
struct ThreadOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The threads that compute; all processors by default.", valueName: "n"))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads is \(threads); it must be from 1 to 1024")
        }
    }

    func workspace(_ precision: Precision = .exact) -> Workspace {
        Workspace(threadCount: threads ?? ThreadPool.processorCount, precision: precision)
    }
}

/// Does something with a file; if that fails for what is in the file, the message begins with its path.
func about<Result>(_ path: String, _ work: () throws -> Result) throws -> Result {
    do {
        return try work()
    } catch let error
        where error is CheckpointError || error is ModelError || error is ParameterError || error is TrainingDataError
        || error is EvaluationError
    {
        let message = "\(error)"
        throw InputError(description: message.contains(path) ? message : "\(path): \(message)")
    }
}

/// How activations enter the products, where speed comes first.
struct PrecisionOptions: ParsableArguments {
    @Option(help: "Activations with quantised weights: fast (as bytes) or exact (as 32-bit floats).")
    var precision = PrecisionName.fast
}

/// A precision's name on the command line.
enum PrecisionName: String, ExpressibleByArgument, CaseIterable {
    case exact, fast

    var precision: Precision {
        switch self {
        case .exact: .exact
        case .fast: .fast
        }
    }
}

private func warnAboutNonFiniteWeights(_ file: some TensorSource, path: String) {
    for finding in NonFiniteScan.scan(file.tensors).prefix(5) {
        Terminal.note("warning: \(path): \(finding)")
    }
    // Of all that has now been in memory, the embeddings alone will hardly be read again.
    file.tensors.first { $0.name == "emb.weight" }?.dropPages()
}
