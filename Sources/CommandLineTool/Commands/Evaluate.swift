internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Measures how well a model predicts texts, last words and answers.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Measures how well a model predicts a text, last words (LAMBADA) or answers, alone or against another.",
        discussion: """
            A text is read once from its beginning, with the state carried through. Ends of documents are predicted too. With \
            --per-document each document begins anew, which is faster; --sliding reads windows, as is done for models that \
            cannot read on for ever. Documents are separated by “<|endoftext|>”.

            --lambada takes JSON Lines with “text”, cuts each at its last blank and asks for the word behind it, as RWKV-LM's \
            scripts do: accuracy is the share of words whose tokens are all the most probable ones, perplexity is per word.

            --choices takes JSON Lines such as
              {"context": "The sky is", "choices": ["blue", "made of cheese"], "answer": 0}
            and computes lm-eval's acc and acc_norm (by the choices' lengths). Context and choice are joined by a blank, or by \
            what a line's “delimiter” says.

            Intervals are of 95 %: Wilson's for shares, and for --against the paired bootstrap over the text's documents (long \
            ones in pieces of \(EvaluationText.pieceLength) bytes), passages or questions.

            Examples:
              rwkv evaluate --data valid.txt
              rwkv evaluate --model model.pth --data wiki.txt --sliding 1024 --stride 512
              rwkv evaluate --model model.pth --lambada lambada_test.jsonl --limit 500
              rwkv evaluate --model small.gguf --against model.pth --data valid.txt --choices questions.jsonl --json
              rwkv evaluate --model model.pth --state tuned.pth --data valid.txt
            """)

    @OptionGroup var options: ModelOptions

    @Option(help: ArgumentHelp("A text to predict.", valueName: "file"))
    var data: String?

    @Flag(help: "Read each document of the text from a fresh state, many at a time.")
    var perDocument = false

    @Option(help: ArgumentHelp("Read the text in windows of so many tokens.", valueName: "tokens"))
    var sliding: Int?

    @Option(help: ArgumentHelp("How far apart windows begin; half a window by default.", valueName: "tokens"))
    var stride: Int?

    @Option(help: ArgumentHelp("Passages whose last word is to be predicted.", valueName: "file.jsonl"))
    var lambada: String?

    @Option(help: ArgumentHelp("Questions with answers to choose from.", valueName: "file.jsonl"))
    var choices: String?

    @Option(help: ArgumentHelp("Take only the first documents, passages and questions.", valueName: "n"))
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Another model to be measured on the same, and compared; built-in is the one inside the program.",
            valueName: "path"))
    var against: String?

    @Option(help: ArgumentHelp("A tuned or saved state to begin with.", valueName: "file"))
    var state: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func validate() throws {
        if data == nil && lambada == nil && choices == nil {
            throw ValidationError("name what to predict: --data FILE, --lambada FILE or --choices FILE")
        }
        if data == nil && (perDocument || sliding != nil) {
            throw ValidationError("--per-document and --sliding say how --data is read, which is missing")
        }
        if perDocument && sliding != nil { throw ValidationError("--per-document and --sliding exclude each other") }
        if stride != nil && sliding == nil { throw ValidationError("--stride is for --sliding, which is missing") }
        if let sliding, sliding < 1 { throw ValidationError("--sliding is \(sliding); it must be at least 1") }
        if let sliding, let stride, !(1...sliding).contains(stride) {
            throw ValidationError("--stride is \(stride); it must be from 1 to the window of \(sliding)")
        }
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit); it must be at least 1") }
    }

    func run() throws {
        let model = try options.loadModel(firstState: state)
        let workspace = options.workspace()
        var models = [
            EvaluatedModel(
                name: options.model.map(Self.shortName) ?? builtInName, model: model,
                tokenizer: try options.loadTokenizer(for: model), workspace: workspace)
        ]
        if let against { models.append(try options.otherModel(against, named: Self.shortName(against), workspace)) }
        var report = EvaluationReport(models.map(\.name))
        if let data { report.add(try text(data, models)) }
        if let lambada { report.add(try lastWords(lambada, models)) }
        if let choices { report.add(try questions(choices, models)) }
        Terminal.endProgress()
        Terminal.write(json ? try report.json() : report.text(Style.ofStandardOutput))
    }

    private func text(_ path: String, _ models: [EvaluatedModel]) throws -> EvaluationReport.Part {
        let documents = Array(try TextData(path: path).documents.prefix(limit ?? .max))
        let context: Perplexity.Context =
            sliding.map { .sliding(window: $0, stride: stride ?? max(1, $0 / 2)) }
            ?? (perDocument ? .document : .carried)
        var losses: [TextLoss] = []
        for evaluated in models {
            let perplexity = try about(path) {
                try Perplexity(EvaluationText(documents, evaluated.tokenizer), context)
            }
            let meter = ProgressMeter(evaluated.name, total: perplexity.inputCount, unit: "tokens")
            losses.append(
                try perplexity.measure(evaluated.model, on: evaluated.workspace) { meter.show($0) })
        }
        return try .text(losses, context, title: Self.shortName(path), documentCount: documents.count)
    }

    private func lastWords(_ path: String, _ models: [EvaluatedModel]) throws -> EvaluationReport.Part {
        let task = try about(path) { try LastWordTask(lines(path), limit: limit) }
        let results = try models.map { evaluated in
            let meter = ProgressMeter(evaluated.name, total: task.count, unit: "passages")
            return try task.measure(evaluated.model, evaluated.tokenizer, on: evaluated.workspace) { meter.show($0) }
        }
        return try .lastWords(results, title: Self.shortName(path))
    }

    private func questions(_ path: String, _ models: [EvaluatedModel]) throws -> EvaluationReport.Part {
        let task = try about(path) { try MultipleChoiceTask(lines(path), limit: limit) }
        let results = try models.map { evaluated in
            let meter = ProgressMeter(evaluated.name, total: task.count, unit: "questions")
            return try task.measure(evaluated.model, evaluated.tokenizer, on: evaluated.workspace) { meter.show($0) }
        }
        return try .choices(results, title: Self.shortName(path))
    }

    /// The lines of a file; far shorter ones than documents may have, and longer than any question.
    private func lines(_ path: String) throws -> JSONLineReader {
        JSONLineReader(try MappedFile(path: path).storage, path: path, lineLimit: 16 << 20)
    }

    private static func shortName(_ path: String) -> String { (path as NSString).lastPathComponent }
}
