internal import ArgumentParser
internal import Foundation
internal import Plots
internal import RWKV

/// Trains a model.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trains a model on text, from scratch or from a checkpoint.",
        discussion: """
            It learns from text files (documents are separated by “<|endoftext|>”; a file without it is one document), from
            lines {"text": …}, from conversations {"messages": [{"role": …, "content": …}]}, of which only the answers are
            learnt, and from binidx data sets (see `rwkv data`). Files are tokenized once; the order is shuffled anew in every
            epoch and depends on --seed alone.

            The run's folder holds everything: model.safetensors (the end), best.safetensors (lowest validation loss), the
            tokenizer, log.jsonl, config.json (every setting), samples.jsonl (what the model writes), curve.svg, report.html (a
            page to look at), and checkpoint.safetensors, from which --resume goes on bit for bit.

            With --method lora and state, lora.safetensors or state.safetensors takes the place of model.safetensors, with the
            same as .pth beside it for other programs; --lora and --state of the other commands read both. `rwkv merge` makes a
            model of them.

            Examples:
              rwkv train --data input.txt --tokenizer bytes --layers 4 --width 128 --minutes 3 --output my-run
              rwkv train --data train.txt --valid valid.txt --tokenizer tokenizer.json --epochs 8 --output my-run
              rwkv train --output my-run --resume
              rwkv train --data books.txt:3 wiki.jsonl:1 --hold-out 1% --tokenizer world --steps 5000 --output mixed
              rwkv train --from rwkv7.pth --data chats.jsonl --hold-out 20 --epochs 3 --lr 1e-5 --output tuned
              rwkv train --from built-in --method lora --rank 16 --data poems.txt --steps 300 --output my-lora
              rwkv train --from rwkv7.pth --method state --lr 0.01 --data poems.txt --steps 300 --output my-state
            """)

    @OptionGroup(title: "Data") var source: DataOptions

    @OptionGroup var tokenizer: TokenizerOptions

    @Option(help: ArgumentHelp("The folder of the run.", valueName: "folder"))
    var output: String

    @Flag(help: "Go on with the run in the folder, with the settings it was begun with.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Begin with the weights of this checkpoint; built-in is the model inside the program.", valueName: "file"))
    var from: String?

    @OptionGroup(title: "Fine-tuning") var tuning: TuningOptions
    @OptionGroup(title: "Model") var size: SizeOptions
    @OptionGroup(title: "Training") var settings: TrainingSettings
    @OptionGroup(title: "Samples") var sampling: SampleOptions
    @OptionGroup var threading: ThreadOptions

    @Option(help: ArgumentHelp("Write the log here instead of log.jsonl in the folder.", valueName: "file"))
    var log: String?

    func validate() throws {
        if !resume && source.data.isEmpty { throw ValidationError("--data is missing: a file to learn from") }
        try tuning.check(hasModel: from != nil || resume)
        try settings.check()
    }

    /// Says which of the options that were given change nothing.
    private func noteIdleOptions() {
        let given = GivenOptions()
        if resume {
            given.note(given.besides(["output", "resume", "log", "threads"]), "the run goes on as it was begun")
            return
        }
        if from != nil { given.note(given.of(SizeOptions.names), "the model that --from names has its sizes") }
        if tuning.method != .lora { given.note(given.of(["rank"]), "it is for --method lora") }
    }

    func run() throws {
        noteIdleOptions()
        let folder = try RunFolder(path: output)
        if resume && !folder.hasCheckpoint {
            throw InputError(description: "\(output) holds no checkpoint.safetensors to resume from")
        }
        if !resume && folder.hasCheckpoint { throw TrainingError.folderNotEmpty(path: output) }
        let run = try resume ? resumed(folder) : begun(folder)
        try TrainingReporter(run, folder).run()
    }

    /// The tokenizer that was asked for or belongs to the first model; its vocabulary is copied to the run's folder.
    private func tokenizer(_ base: FirstModel?, _ sources: TrainingSources) throws -> any Tokenizer {
        if base?.isBuiltIn == true, try tokenizer.load() == nil {
            try sources.keepBuiltInTokenizer()
            return try BuiltInModel.tokenizer()
        }
        let (chosen, path) = try tokenizer.resolve(beside: from)
        try sources.keep(chosen, from: path)
        return chosen
    }

    private func begun(_ folder: RunFolder) throws -> TrainingRun {
        let base = try from.map { path in try about(path) { try FirstModel(path) } }
        let sources = try TrainingSources(source, folder: folder)
        let chosen = try tokenizer(base, sources)
        let (data, validation) = try sources.load(chosen)
        var options = settings.options()
        let model: LanguageModel
        if let base {
            model = try about(base.path) {
                try LanguageModel(base.checkpoint, training: tuning.tuning(seed: options.seed))
            }
            warnOfMisfit(chosen, model.configuration.vocabularySize)
        } else {
            let configuration = try size.configuration(vocabularySize: chosen.vocabularySize)
            try checkMemory(configuration)
            model = try LanguageModel(
                initializing: configuration, seed: options.seed,
                learningRate: Float(options.schedule.peak))
        }
        options.stepCount = settings.steps ?? options.stepCount
        let trainer = try Trainer(model, options, data: data, on: threading.workspace())
        if let epochs = settings.epochs { trainer.setEpochCount(epochs) }
        var notes = try sources.notes(for: data)
        notes["validation_interval"] = "\(settings.validEvery)"
        notes["seconds"] = settings.minutes.map { "\($0 * 60)" }
        notes["log"] = log.map { URL(fileURLWithPath: $0).path }
        notes["save_interval"] = "\(settings.saveEvery)"
        notes["command"] = CommandLine.arguments.joined(separator: " ")
        notes.merge(sampling.notes) { $1 }
        let progress = TrainingCheckpoint.Progress(
            configuration: model.configuration, tuning: model.tuning,
            base: tuning.method == .full ? nil : base.map { BaseModel(path: $0.path, $0.checkpoint) },
            options: trainer.options, stepsDone: 0, notes: notes)
        Terminal.note(
            """
            \(model.configuration.architecture): \(model.configuration.layerCount) layers, width \
            \(model.configuration.width), \(model.configuration.vocabularySize) tokens, \(model.parameterCount) \
            parameters\(learning(model)); \(described(data))
            """)
        try foretell(trainer, validation)
        return try TrainingRun(
            trainer, in: folder, progress: progress, validation: validation, plan: settings.plan(), logPath: log,
            clock: monotonicSeconds)
    }

    /// Refuses a model whose weights alone, with their gradients and moments, do not fit: to make them would take long.
    private func checkMemory(_ configuration: ModelConfiguration) throws {
        let needed = 16 * Double(configuration.leastWeightCount)
        let free = Double(ProcessMemory.available)
        guard needed > free else { return }
        throw InputError(
            description: """
                the weights of \(configuration.layerCount) layers of width \(configuration.width), their gradients and \
                moments take at least \(format(needed / 1e9, decimals: 1)) GB of memory; \
                \(format(free / 1e9, decimals: 1)) GB are free
                """)
    }

    /// Says what the run will take, before it begins.
    private func foretell(_ trainer: Trainer, _ validation: ValidationSet?) throws {
        let estimate = try trainer.estimate(validation: validation, clock: monotonicSeconds)
        var line =
            "it will take about \(format(Double(estimate.byteCount) / 1e9, decimals: 2)) GB of memory, at "
            + "\(format(trainer.tokensPerStep / estimate.secondsPerStep, decimals: 0)) tokens/s"
        if let seconds = settings.minutes.map({ $0 * 60 }) {
            let steps = estimate.steps(seconds: seconds, validationInterval: settings.validEvery)
            line += "; \(describe(seconds: seconds)) are enough for about \(steps) steps"
        } else {
            let steps = trainer.options.stepCount
            let seconds = estimate.seconds(steps: steps, validationInterval: settings.validEvery)
            line += "; \(steps) steps take about \(describe(seconds: seconds))"
        }
        Terminal.note(line)
        let limit = ProcessMemory.resident + ProcessMemory.available
        if estimate.byteCount > limit {
            Terminal.note(
                """
                warning: only \(format(Double(limit) / 1e9, decimals: 2)) GB are free. --micro-batch 1, --checkpointing and \
                --segment take less.
                """)
        }
    }

    private func resumed(_ folder: RunFolder) throws -> TrainingRun {
        let checkpoint = try TrainingCheckpoint(path: folder.checkpoint)
        let sources = try TrainingSources(notes: checkpoint.progress.notes, folder: folder)
        let (data, validation) = try sources.load(sources.keptTokenizer())
        let base = try checkpoint.progress.base.map { base in try about(base.path) { try FirstModel(base.path) } }
        let trainer = try checkpoint.trainer(base: base?.checkpoint, data: data, on: threading.workspace())
        Terminal.note("resuming after step \(trainer.stepsDone) of \(trainer.options.stepCount)")
        var plan = settings.plan()
        let interval = checkpoint.progress.notes["validation_interval"].flatMap(Int.init)
        plan.validationInterval = interval ?? plan.validationInterval
        plan.seconds = checkpoint.progress.notes["seconds"].flatMap(Double.init)
        return try TrainingRun(
            trainer, in: folder, progress: checkpoint.progress, validation: validation, plan: plan,
            logPath: log ?? checkpoint.progress.notes["log"],
            clock: monotonicSeconds)
    }
}

/// How many of a model's numbers are trained, if not all are.
private func learning(_ model: LanguageModel) -> String {
    let count = model.parameters.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) }
    return count == model.parameterCount ? "" : " (\(count) numbers are trained)"
}

/// "1000 tokens to learn from", or "1000 tokens to learn from (400 of them count)".
private func described(_ data: TrainingSet) -> String {
    let counted = data.countedTokenCount
    return "\(data.tokenCount) tokens to learn from" + (counted < data.tokenCount ? " (\(counted) of them count)" : "")
}

/// Seconds since some moment, never backwards.
@Sendable func monotonicSeconds() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
