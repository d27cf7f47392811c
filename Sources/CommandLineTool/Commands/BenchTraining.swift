internal import ArgumentParser
internal import Foundation
internal import RWKV

/// The speed of training a model, beside that of the machine's products.
struct BenchTraining: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "training",
        abstract: "Steps of training a new model, beside the machine's rate of matrix products.",
        discussion: """
            A step is forward, backward and the update of the weights, on random tokens. Of a token's matrix products, which \
            are three times those of reading it, the share of the machine's own rate is shown: of our product of 1024 × 1024 \
            matrices in the same numbers, measured in turns with the steps. The best round of each counts.

            Examples:
              rwkv bench training --random rwkv7:L6:D512:V256
              rwkv bench training --random rwkv4:L6:D512:V256 --precision bf16 --threads 1,2 --profile
            """)

    @Option(help: ArgumentHelp("The model's sizes: rwkv7:L6:D512:V256.", valueName: "sizes"))
    var random = RandomModel(argument: "rwkv7:L6:D512:V256")

    @Option(help: "The tokens of each sequence.")
    var context = 512

    @Option(help: "The sequences of each step.")
    var batch = 8

    @Option(
        parsing: .upToNextOption, help: "The numbers to multiply: f32, bf16; those that this processor has by default.")
    var precision: [TrainingPrecision] = []

    @Option(help: ArgumentHelp("Numbers of threads, as 1,2; all processors by default.", valueName: "list"))
    var threads: NumberList?

    @Option(help: ArgumentHelp("The rounds of one step each; the best counts.", valueName: "n"))
    var rounds = 4

    @Option(help: "The sequences that are computed at once; as many as make some 1024 tokens by default.")
    var microBatch: Int?

    @Flag(help: "Compute blocks a second time for the backward pass, to save memory.")
    var checkpointing = false

    @Flag(help: "Show where a step's time goes, op by op.")
    var profile = false

    @Flag(help: "The figures as JSON.")
    var json = false

    func validate() throws {
        if context < 1 { throw ValidationError("--context is \(context); it must be at least 1") }
        if let microBatch, microBatch < 1 {
            throw ValidationError("--micro-batch is \(microBatch); it must be at least 1")
        }
        if batch < 1 { throw ValidationError("--batch is \(batch); it must be at least 1") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); it must be at least 1") }
    }

    func run() throws {
        guard let random else { throw ValidationError("--random names no model") }
        let all: [TrainingPrecision] = Kernels.best.prefersBF16 ? [.f32, .bf16] : [.f32]
        let counts = threads?.numbers ?? [ThreadPool.processorCount]
        let benches = try (precision.isEmpty ? all : precision).flatMap { precision in
            try counts.map { count in
                try TrainingBench(
                    random.configuration, precision, threadCount: count, contextLength: context, batchSize: batch,
                    sequencesPerPass: microBatch, recomputesBlocks: checkpointing)
            }
        }
        for round in 1...rounds {
            Terminal.progress("round \(round) of \(rounds)")
            for bench in benches { try bench.round() }
        }
        Terminal.endProgress()
        let profiles = profile ? try benches.map { try $0.profile() } : []
        if json {
            let rows = benches.enumerated().map { index, bench in
                bench.json.merging(index < profiles.count ? ["profile": profiles[index].json] : [:]) { $1 }
            }
            let report: [String: Any] = ["kernels": Kernels.best.name, "results": rows]
            let data = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
            Terminal.write(String(decoding: data, as: UTF8.self) + "\n")
        } else {
            Terminal.write(text(benches, profiles))
        }
    }

    private func text(_ benches: [TrainingBench], _ profiles: [ModelProfile]) -> String {
        var table = TextTable(
            ["numbers", "threads", "tokens/s", "GFLOP/s", "products'", "share", "memory"].map { TextTable.Column($0) })
        for bench in benches {
            table.add([
                bench.precision.rawValue, "\(bench.threadCount)", format(bench.tokensPerSecond, decimals: 0),
                format(bench.flops / 1e9, decimals: 0), format(bench.productFlops / 1e9, decimals: 0),
                "\(format(100 * bench.flops / bench.productFlops, decimals: 0)) %",
                "\(format(Double(bench.byteCount) / 1e6, decimals: 0)) MB",
            ])
        }
        var lines =
            benches.first.map { ["\($0.title); context \(context), batch \(batch); \(Kernels.best.name)"] } ?? []
        lines += table.lines(Style.ofStandardOutput)
        for (bench, profile) in zip(benches, profiles) {
            lines += ["", "\(bench.precision.rawValue), threads: \(bench.threadCount)"]
            lines += profile.lines(Style.ofStandardOutput)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
