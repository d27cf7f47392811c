internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Makes a model smaller and shows what that costs.
struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a model smaller: weights of 4 to 8 bits, with a report of what that costs.",
        discussion: """
            The large matrices get the type; norms, vectors and low-rank factors keep their numbers. The output is a .gguf file \
            (RWKV-6 and 7), which llama.cpp reads as well, or a .bin file for rwkv.cpp (RWKV-4 to 7, types of 32 weights).

            With --text, a text like those that the model will read, errors are kept from where they would matter for it, as \
            with llama.cpp's importance matrix. --type auto measures on that text what quantising each matrix does to the \
            model's predictions, and gives each the type that serves best within --size or --bits.

            --report measures the original, the result and all types on another text: perplexity, the KL divergence from the \
            original's predictions in nats per token, the largest change of a logit, how often both models' best token is \
            the same; last the divergence with activations as bytes, which is how generate computes by default.

            Examples:
              rwkv quantize rwkv7.pth rwkv7-q4.gguf --type q4_k --text stories.txt
              rwkv quantize rwkv7.pth rwkv7-60.gguf --type auto --size 60MB --text stories.txt --report test.txt
              rwkv quantize built-in --report test.txt
            """)

    @Argument(help: ArgumentHelp("A checkpoint, or built-in for the model inside the program.", valueName: "input"))
    var input: String

    @Argument(help: ArgumentHelp("The file to write, .gguf or .bin; without it, only the report.", valueName: "output"))
    var output: String?

    @Option(help: "auto, or one of \(WeightType.quantized.map(\.rawValue).joined(separator: ", ")).")
    var type: QuantizedType?

    @Option(help: ArgumentHelp("With auto, the most that the weights may take: 60MB.", valueName: "size"))
    var size: ByteSize?

    @Option(help: ArgumentHelp("With auto, the mean bits of a weight of the matrices: 4.5 to 16.", valueName: "n"))
    var bits: Double?

    @Option(help: ArgumentHelp("A text like those that the model will read.", valueName: "file"))
    var text: String?

    @Option(help: ArgumentHelp("How much of it is read.", valueName: "tokens"))
    var textTokens = 4096

    @Option(help: ArgumentHelp("How much of it auto reads for each matrix.", valueName: "tokens"))
    var autoTokens = 512

    @Option(help: ArgumentHelp("The text that the report is about.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("How much of it is read.", valueName: "tokens"))
    var reportTokens = 1024

    @OptionGroup var adapters: AdapterOptions

    @OptionGroup var tokenizer: TokenizerOptions

    @OptionGroup var threading: ThreadOptions

    @Flag(help: "The report as JSON.")
    var json = false

    func validate() throws {
        if output == nil, report == nil { throw ValidationError("name an output, or a text with --report") }
        if let output {
            guard let format = OutputFormat(path: output), format == .gguf || format == .bin else {
                throw ValidationError("the output is “\(output)”; its name must end in .gguf or .bin")
            }
            guard let type else { throw ValidationError("--type is missing: auto, \(QuantizedType.names(format))") }
            if case .one(let one) = type, !format.holds(one.dataType) {
                throw ValidationError(
                    "\(format.name) cannot hold \(one.rawValue); choose auto, \(QuantizedType.names(format))")
            }
        }
        switch (type, size, bits) {
        case (.auto, nil, nil): throw ValidationError("--type auto needs --size (as 60MB) or --bits (as 5)")
        case (.auto, _?, _?): throw ValidationError("--size and --bits exclude each other")
        case (.auto, _, _) where text == nil:
            throw ValidationError("--type auto needs --text, a text like those that the model will read")
        case (.auto, _, _): break
        case (_, nil, nil): break
        default: throw ValidationError("--size and --bits are for --type auto")
        }
        for (name, count) in [
            ("--text-tokens", textTokens), ("--auto-tokens", autoTokens), ("--report-tokens", reportTokens),
        ] where count < 1 {
            throw ValidationError("\(name) is \(count); it must be at least 1")
        }
        if let bits, !(4.5...16).contains(bits) {
            throw ValidationError("--bits is \(bits); it must be from 4.5 to 16")
        }
    }

    func run() throws {
        let workspace = threading.workspace(.exact)
        let named = NamedModel(input)
        let path = named.path
        let isForRWKVCpp = output.map { OutputFormat(path: $0) == .bin } ?? false
        let loaded = try named.load(adapters.adapters())
        let model = try isForRWKVCpp ? loaded.withPlainEnds() : loaded
        let sample = try text.map { try tokens($0, textTokens, path, model) }
        let statistics = try sample.map { sample in
            try InputStatistics(of: model, reading: sample, on: workspace) { progress($0, "reading \(text ?? "")") }
        }
        // rwkv.cpp keeps these two as they are.
        let kept: Set = isForRWKVCpp ? ["emb.weight", "head.weight"] : []
        let quantizer = Quantizer(model, statistics: statistics, keeping: kept)
        guard !quantizer.matrices.isEmpty else {
            throw InputError(
                description: "\(input): no matrix has rows of a multiple of 32 numbers; nothing can be quantised")
        }
        let plan = try plan(quantizer, sample ?? [], workspace)
        var written: LanguageModel?
        if let output, let plan {
            let tensors = quantizer.tensors(plan, on: workspace.threads) { progress($0, "quantising") }
            Terminal.endProgress()
            try write(tensors, path, to: output)
            let kinds = plan.counts.map { "\($0.count) \($0.type.rawValue)" }.joined(separator: ", ")
            Terminal.note(
                "\(output): \(format(Double(quantizer.byteCount(plan)) / 1e6)) MB of weights; matrices: \(kinds)")
            written = try quantizer.model(tensors)
        }
        if let report {
            try QuantizationReport(quantizer, text: tokens(report, reportTokens, path, model), on: workspace)
                .write(json: json, written: written.flatMap { model in plan.map { ($0, model, output ?? "") } })
        }
    }

    private func tokens(_ file: String, _ limit: Int, _ path: String?, _ model: LanguageModel) throws -> [TokenID] {
        let tokenizer = try ModelOptions.tokenizer(tokenizer, of: path, for: model)
        let tokens = try TextData(path: file).tokens(tokenizer).prefix(limit)
        guard tokens.count > 1 else {
            throw InputError(description: "\(file) is empty; there is nothing to measure on")
        }
        return Array(tokens)
    }

    private func plan(_ quantizer: Quantizer, _ sample: [TokenID], _ workspace: Workspace) throws -> TypePlan? {
        switch type {
        case nil: return nil
        case .one(let type): return quantizer.plan(type.dataType)
        case .auto:
            let format = OutputFormat(path: output ?? "") ?? .gguf
            let types = WeightType.quantized.map(\.dataType).filter(format.holds)
            let chooser = try TypeChooser(
                quantizer, types: types, reading: Array(sample.prefix(autoTokens)), on: workspace, progress: progress)
            let weights = quantizer.matrices.reduce(0) { $0 + $1.count }
            let fixed = quantizer.byteCount(TypePlan([:])) - quantizer.matrices.reduce(0) { $0 + $1.value.byteCount }
            let limit = size?.bytes ?? bits.map { fixed + Int($0 * Double(weights) / 8) } ?? .max
            return try chooser.plan(byteCount: limit)
        }
    }

    private func write(_ tensors: [StoredTensor], _ path: String?, to output: String) throws {
        if OutputFormat(path: output) == .bin { return try RWKVCppFile.write(tensors, to: output) }
        let rows = tensors.first { $0.name == "emb.weight" }?.shape.extents[0] ?? 0
        let parts = try CarriedTokenizer.parts(of: path, named: tokenizer.vocab, vocabularySize: rows)
        try about(output) {
            try GGUFFile.write(
                tensors, vocabulary: parts.vocabulary, tokenizerJSON: parts.json, name: OutputFormat.stem(output),
                to: output)
        }
    }

    private func progress(_ share: Double, _ what: String) {
        Terminal.progress("\(what): \(format(100 * share, decimals: 0)) %")
    }
}

extension LanguageModel {
    /// The model with embedding and head in a type that rwkv.cpp's files have.
    fileprivate func withPlainEnds() throws -> LanguageModel {
        let tensors = tensors().map { tensor in
            let isEnd = ["emb.weight", "head.weight"].contains(tensor.name)
            return isEnd && tensor.type != .f16 ? tensor.converted(to: .f32) : tensor
        }
        return try Quantizer(self).model(tensors)
    }
}

/// A quantised type, or the choice of one for each matrix.
enum QuantizedType: ExpressibleByArgument {
    case auto
    case one(WeightType)

    init?(argument: String) {
        if argument.lowercased() == "auto" {
            self = .auto
        } else if let type = WeightType(argument: argument), type.dataType.isQuantized {
            self = .one(type)
        } else {
            return nil
        }
    }

    /// The names of those that a format holds.
    static func names(_ format: OutputFormat) -> String {
        WeightType.quantized.filter { format.holds($0.dataType) }.map(\.rawValue).joined(separator: ", ")
    }
}
