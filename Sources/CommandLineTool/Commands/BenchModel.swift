internal import ArgumentParser
internal import Foundation
internal import RWKV

/// The speed of a model, beside what the machine could do.
struct BenchModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Decode, prefill and batched decode of a model, beside the machine's own limits.",
        discussion: """
            Decoding one sequence reads every weight once per token: its limit is the machine's read bandwidth. Prefill and \
            batches are matrix products: their limit is the rate of products, shown as that of ours. All are \
            measured in turns, several times over; the best of each counts.

            KL fast is the divergence, in nats per token, of the predictions with activations as bytes or bf16 \
            from those with 32-bit activations, on a text that the model writes itself, where the two differ. Peak \
            memory is the process's: for that of one model, measure it alone.

            Examples:
              rwkv bench model
              rwkv bench model --model rwkv7.gguf --threads 1,2 --batch 4,16,32 --profile
              rwkv bench model --random rwkv7:L12:D768 --types bf16,q8_0,q4_0 --json
            """)

    @OptionGroup var measured: MeasuredModelOptions

    @Option(help: ArgumentHelp("Weight types: f32,f16,bf16,q8_0,…; the file's own by default.", valueName: "list"))
    var types: TypeList?

    @Option(help: ArgumentHelp("Numbers of threads, as 1,2.", valueName: "list"))
    var threads: NumberList?

    @Option(help: "The tokens of a prompt; 0 leaves prefill out.")
    var prefill = 512

    @Option(help: "The tokens that a round decodes.")
    var decode = 16

    @Option(help: ArgumentHelp("How many sequences to decode together, as 4,16,32.", valueName: "list"))
    var batch: NumberList?

    @Option(help: ArgumentHelp("The rounds; the best counts.", valueName: "n"))
    var rounds = 3

    @Option(help: ArgumentHelp("The tokens on which KL fast is measured; 0 leaves it out.", valueName: "n"))
    var lossTokens = 128

    @OptionGroup var activations: PrecisionOptions

    @Flag(help: "Show where a token's time goes, op by op: of the prompt, of decoding and of each batch.")
    var profile = false

    @Flag(help: "The figures as JSON.")
    var json = false

    func validate() throws {
        if !(0...1_000_000).contains(prefill) { throw ValidationError("--prefill is \(prefill); it must be 0 or more") }
        if decode < 1 { throw ValidationError("--decode is \(decode); it must be at least 1") }
        if lossTokens < 0 { throw ValidationError("--loss-tokens is \(lossTokens); it must be 0 or more") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); it must be at least 1") }
    }

    func run() throws {
        let plan = ModelBenchPlan(prefillLength: prefill, decodeLength: decode, batchSizes: batch?.numbers ?? [])
        let threadCounts = threads?.numbers ?? Set([1, ThreadPool.processorCount]).sorted()
        var loadSeconds: [String: Double] = [:]
        var losses: [String: Divergence] = [:]
        var benches: [ModelBench] = []
        for type in types?.types ?? [nil] {
            let began = monotonicSeconds()
            let loaded = try measured.load(type)
            let kind = type ?? Self.commonType(loaded)
            loadSeconds[kind.rawValue] = monotonicSeconds() - began
            if kind.isQuantized || kind == .bf16 && Kernels.best.prefersBF16, lossTokens > 0 {
                Terminal.progress("\(kind.rawValue): KL fast")
                losses[kind.rawValue] = try ActivationLoss(of: loaded, tokenCount: lossTokens).divergence
            }
            for count in threadCounts {
                benches.append(
                    ModelBench(loaded, kind, threadCount: count, precision: activations.precision.precision, plan))
            }
        }
        let machines = try threadCounts.map { count in
            (
                memory: ReadBench(threadCount: count), products: try SquareProductBench(threadCount: count, .f32),
                narrow: Kernels.best.prefersBF16 ? try SquareProductBench(threadCount: count, .bf16) : nil
            )
        }
        for round in 1...rounds {
            Terminal.progress("round \(round) of \(rounds)")
            for machine in machines {
                machine.memory.round()
                machine.products.round()
                machine.narrow?.round()
            }
            for bench in benches { try bench.round() }
        }
        Terminal.endProgress()
        let limits = Dictionary(
            uniqueKeysWithValues: zip(threadCounts, machines).map { count, machine in
                (
                    count,
                    MachineLimits(
                        read: machine.memory.bytesPerSecond, products: machine.products.flops,
                        narrowProducts: machine.narrow?.flops)
                )
            })
        let report = ModelBenchReport(
            benches: benches, limits: limits, loadSeconds: loadSeconds, losses: losses, plan: plan,
            profiles: profile
                ? try benches.map { bench in
                    try plan.work.map { (work: $0, profile: try bench.profile($0)) }
                } : [])
        Terminal.write(json ? try report.json() : report.text())
    }

    /// The type of most bytes.
    private static func commonType(_ model: LanguageModel) -> DataType {
        var bytes: [DataType: Int] = [:]
        for parameter in model.parameters { bytes[parameter.value.type, default: 0] += parameter.value.byteCount }
        return bytes.max { $0.value < $1.value }?.key ?? .f32
    }
}
