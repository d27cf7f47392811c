internal import ArgumentParser
internal import Comparison
internal import Foundation
internal import RWKV

/// Trains several architectures with one budget and measures them side by side.
struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compares architectures: RNN, LSTM, Transformer and the versions of RWKV.",
        discussion: """
            Models of about the same number of parameters are trained on one text, with as many tokens or as many minutes \
            each, and measured: learning curves, validation loss, time and memory of generating by the length of the text, \
            of training by the length of the context, loss by position, how far gradients reach back, and recall of what \
            was read. The folder gets report.html (one page with everything), its plots as SVG files, comparison.json and the models. A comparison \
            that was interrupted goes on when the same command is given again.

            Examples:
              rwkv compare --data input.txt --quick --output comparison
              rwkv compare --data train.txt --valid valid.txt --minutes 60 --output comparison
              rwkv compare --data train.txt --architectures lstm,transformer,rwkv7 --equal minutes --minutes 20 --output c
              rwkv compare --data train.txt --only recall --output recall
            """)

    /// What all models are given the same amount of.
    enum Equality: String, ExpressibleByArgument, CaseIterable {
        case tokens, minutes
    }

    @Option(help: ArgumentHelp("The text file to learn from.", valueName: "file"))
    var data: String

    @Option(help: ArgumentHelp("A text file to measure on; the last tenth of the other by default.", valueName: "file"))
    var valid: String?

    @OptionGroup var tokenizer: TokenizerOptions

    @Option(help: ArgumentHelp("The folder of the results.", valueName: "folder"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "Which: \(ComparisonPlan.usualArchitectures.joined(separator: ",")) unless others are named.",
            valueName: "names"))
    var architectures: NameList?

    @Flag(help: "Smaller models and less of everything: under ten minutes on two processors.")
    var quick = false

    @Option(help: "What every model is given as much of: tokens or minutes.")
    var equal = Equality.tokens

    @Option(help: "The tokens that each model learns from,")
    var tokens: Int?

    @Option(
        help:
            "or the minutes: of all trainings together with --equal tokens, of each with --equal minutes. By default 60 and 10."
    )
    var minutes: Double?

    @Option(help: "About how many parameters each model has; 1000000 by default, with --quick 250000.")
    var parameters: Int?

    @Option(help: "The blocks of each model; 4 by default, with --quick 2.")
    var layers: Int?

    @Option(help: "The tokens of each sequence; 256 by default, with --quick 128.")
    var context: Int?

    @Option(help: "The sequences of each step.")
    var batch: Int?

    @Option(name: .customLong("lr"), help: "The learning rate, for all models.")
    var rate: Double?

    @Option(help: "The same seed gives the same models.")
    var seed: UInt64 = 1

    @Option(
        help: ArgumentHelp(
            "Only these parts: \(ComparisonPlan.Part.allCases.map(\.rawValue).joined(separator: ",")).",
            valueName: "parts"))
    var only: NameList?

    @Option(
        help: ArgumentHelp("The widths of the models that learn to recall; 32,64,128 by default.", valueName: "list"))
    var recallWidths: NumberList?

    @Option(
        help: ArgumentHelp(
            "How many pairs, or symbols, there are to recall; 16 by default, with --quick 6.", valueName: "list"))
    var recallSizes: NumberList?

    @Option(
        help: ArgumentHelp(
            "The tasks: \(RecallTask.allCases.map(\.rawValue).joined(separator: ",")) unless others are named.",
            valueName: "names"))
    var recallTasks: NameList?

    @Option(
        help: ArgumentHelp(
            "The learning rates that every model tries, of which the best counts; 0.003 by default.", valueName: "list")
    )
    var recallRates: RateList?

    @Option(
        help: ArgumentHelp(
            "From how many seeds every model learns, --seed and those after it; 1 by default.", valueName: "n"))
    var recallSeeds: Int?

    @Option(help: ArgumentHelp("The most steps that they learn for; 3000 by default.", valueName: "n"))
    var recallSteps: Int?

    @Option(
        help: ArgumentHelp(
            "The most seconds that each such training takes; 300 by default, with --quick 10.", valueName: "seconds"))
    var recallSeconds: Double?

    @Option(
        help: ArgumentHelp(
            "The most that each model's generation is measured for; 600 by default, with --quick 8.",
            valueName: "seconds"))
    var generationSeconds: Double?

    @Flag(help: "Write the results to standard output too, as JSON.")
    var json = false

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        if equal == .minutes, tokens != nil { throw ValidationError("--tokens goes with --equal tokens") }
        if tokens != nil, minutes != nil {
            throw ValidationError("only one of --tokens and --minutes can say how long")
        }
        for name in only?.names ?? [] where ComparisonPlan.Part(rawValue: name) == nil {
            let known = ComparisonPlan.Part.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no part “\(name)”; there are \(known)")
        }
        for name in recallTasks?.names ?? [] where RecallTask(rawValue: name) == nil {
            let known = RecallTask.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("there is no recall task “\(name)”; there are \(known)")
        }
        do {
            try plan(vocabularySize: 256).validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private func plan(vocabularySize: Int) -> ComparisonPlan {
        let names = architectures?.names ?? ComparisonPlan.usualArchitectures
        var plan =
            quick
            ? ComparisonPlan.quick(architectures: names, vocabularySize: vocabularySize)
            : ComparisonPlan(architectures: names, vocabularySize: vocabularySize)
        switch (equal, tokens, minutes) {
        case (.minutes, _, let minutes): plan.budget = .minutes(minutes ?? (quick ? 0.5 : 10))
        case (.tokens, let count?, _): plan.budget = .tokens(count)
        case (.tokens, nil, let minutes?): plan.budget = .equalTokensInMinutes(minutes)
        default: break
        }
        plan.parameterCount = parameters ?? plan.parameterCount
        plan.layerCount = layers ?? plan.layerCount
        plan.contextLength = context ?? plan.contextLength
        plan.batchSize = batch ?? plan.batchSize
        plan.learningRate = rate ?? plan.learningRate
        plan.seed = seed
        plan.recall.widths = recallWidths?.numbers ?? plan.recall.widths
        plan.recall.sizes = recallSizes?.numbers ?? plan.recall.sizes
        plan.recall.tasks = recallTasks?.names.compactMap(RecallTask.init) ?? plan.recall.tasks
        plan.recall.learningRates = recallRates?.rates ?? plan.recall.learningRates
        plan.recall.allowedSeconds = recallSeconds ?? plan.recall.allowedSeconds
        plan.recall.seedCount = recallSeeds ?? plan.recall.seedCount
        plan.recall.stepCount = recallSteps ?? plan.recall.stepCount
        plan.generationSeconds = generationSeconds ?? plan.generationSeconds
        if let only { plan.parts = ComparisonPlan.Part.allCases.filter { only.names.contains($0.rawValue) } }
        return plan
    }

    func run() throws {
        let chosen = try tokenizer.resolve(beside: nil).tokenizer
        let (learning, measured, byteCount) = try texts(chosen)
        let folder = try RunFolder(path: output)
        let comparison = try Comparison(
            plan(vocabularySize: chosen.vocabularySize), tokens: learning, valid: measured, validByteCount: byteCount,
            in: folder, on: threading.workspace(), clock: monotonicSeconds)
        for model in comparison.results.models {
            Terminal.note(
                "\(model.name): \(model.parameterCount) parameters, width \(model.configuration.width), inner width "
                    + "\(model.configuration.hiddenWidth)")
        }
        let finished = try run(comparison)
        Terminal.endProgress()
        if json { Terminal.write(try String(contentsOfFile: comparison.resultsPath, encoding: .utf8) + "\n") }
        guard finished else {
            Terminal.note("stopped; the same command goes on from here")
            throw ExitCode(130)
        }
        Terminal.note("done: \(comparison.reportPath), \(comparison.resultsPath)")
    }

    private func run(_ comparison: Comparison) throws -> Bool {
        let interrupt = Interrupt()
        var part = ""
        var began = monotonicSeconds()
        return try comparison.run { event in
            switch event {
            case .began(let kind, let architecture):
                part = "\(architecture), \(kind.rawValue)"
                began = monotonicSeconds()
                Terminal.progress(part)
            case .training(let entry, let steps, let left):
                let known = steps < TrainingOptions.undecided
                Terminal.progress(
                    "\(part): step \(entry.step)\(known ? " of \(steps)" : "")  loss \(format(entry.loss, decimals: 3))  "
                        + "\(format(entry.tokensPerSecond, decimals: 0)) tokens/s"
                        + (known ? "  \(describe(seconds: left)) left" : ""))
            case .recall(let trial):
                Terminal.progress(
                    "\(part): \(trial.task.rawValue), \(trial.size) to recall, width \(trial.width), seed \(trial.seed)"
                )
            case .finished(let kind, let architecture):
                Terminal.note(
                    "\(part): \(describe(seconds: monotonicSeconds() - began))\(outcome(kind, architecture, comparison))"
                )
            }
            return !interrupt.isRequested
        }
    }

    /// The figure that sums up a part.
    private func outcome(_ part: ComparisonPlan.Part, _ architecture: String, _ comparison: Comparison) -> String {
        guard let model = comparison.results.models.first(where: { $0.name == architecture }) else { return "" }
        switch part {
        case .training:
            return model.training?.bitsPerByte.map { ", \(format($0, decimals: 3)) bits per byte" } ?? ""
        case .generation:
            return model.generation?.points.last.map {
                ", \(format($0.secondsPerToken * 1e3, decimals: 3)) ms per token after \($0.length)"
            } ?? ""
        case .recall:
            let shares = model.recall?.map { "\($0.task.rawValue) \(format(100 * $0.accuracy, decimals: 0)) %" } ?? []
            return ", " + shares.joined(separator: ", ")
        case .contexts, .positions, .reach: return ""
        }
    }

    /// The tokens to learn from, those to measure on, and the bytes that these stand for.
    private func texts(_ tokenizer: any Tokenizer) throws -> ([TokenID], [TokenID], Int) {
        var learning = try TextData(path: data).joined
        let measured: [UInt8]
        if let valid {
            measured = try TextData(path: valid).joined
        } else {
            let end = Self.border(learning, at: learning.count / 10 * 9)
            measured = Array(learning[end...])
            learning = Array(learning[..<end])
        }
        // It is read by every model several times.
        let part = Array(measured[..<Self.border(measured, at: quick ? 32_768 : 524_288)])
        return (tokenizer.encode(bytes: learning), tokenizer.encode(bytes: part), part.count)
    }

    /// The first place from `index` on that is not in the middle of a character.
    private static func border(_ text: [UInt8], at index: Int) -> Int {
        var place = min(index, text.count)
        while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
        return place
    }
}

extension TextData {
    /// The documents, each with a line end behind it.
    fileprivate var joined: [UInt8] { documents.flatMap { $0 + [UInt8(ascii: "\n")] } }
}
