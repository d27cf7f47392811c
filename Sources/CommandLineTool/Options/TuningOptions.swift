public import ArgumentParser
public import RWKV

/// Which weights a training changes.
struct TuningOptions: ParsableArguments {
    @Option(
        help: """
            What is trained: full (the weights), lora (low-rank additions to matrices) or state (the state before the first \
            token, for RWKV-5 to 7); the last two need --from.
            """)
    var method = Tuning.Method.full

    @Option(
        help: ArgumentHelp(
            """
            Weights that stay as they are, by parts of their names: emb, blocks.0-3, ffn, att.key, ln*. May be given several \
            times.
            """, valueName: "pattern"))
    var freeze: [NamePattern] = []

    @Option(
        help: ArgumentHelp(
            "With lora and state, weights that are trained all the same: ln*, time.", valueName: "pattern"))
    var alsoTrain: [NamePattern] = []

    @Option(help: "LoRA's rank r.")
    var rank = 16

    @Option(help: "LoRA's α; the change is scaled by α / r. Twice the rank by default.")
    var alpha: Float?

    @Option(
        help: ArgumentHelp("The matrices that LoRA changes; att and ffn by default.", valueName: "pattern"))
    var target: [NamePattern] = []

    func tuning(seed: UInt64) -> Tuning {
        var tuning = Tuning(method)
        tuning.frozen = freeze
        tuning.alsoTrained = alsoTrain
        tuning.lora.rank = rank
        tuning.lora.alpha = alpha ?? 2 * Float(rank)
        if !target.isEmpty { tuning.lora.targets = target }
        tuning.lora.seed = seed
        return tuning
    }

    func check(hasModel: Bool) throws {
        if method != .full, !hasModel {
            throw ValidationError("--method \(method.rawValue) needs --from, the model to tune")
        }
        if !freeze.isEmpty, !hasModel {
            throw ValidationError("--freeze needs --from, the model whose weights stay as they are")
        }
        if !(1...65536).contains(rank) { throw ValidationError("--rank is \(rank); it must be from 1 to 65536") }
        if let alpha, !alpha.isFinite { throw ValidationError("--alpha is \(alpha); it must be a finite number") }
        if method == .full, !alsoTrain.isEmpty {
            throw ValidationError("--also-train is for --method lora and state; with full, everything is trained")
        }
        if method != .lora, !target.isEmpty || alpha != nil {
            throw ValidationError("--target and --alpha are for --method lora")
        }
    }
}

extension Tuning.Method: ExpressibleByArgument {}

extension NamePattern: ExpressibleByArgument {
    public init?(argument: String) {
        guard !argument.isEmpty, !argument.split(separator: ".", omittingEmptySubsequences: false).contains("") else {
            return nil
        }
        self.init(argument)
    }
}
