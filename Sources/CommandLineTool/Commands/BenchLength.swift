internal import ArgumentParser
internal import Foundation
internal import RWKV

/// Whether a token costs more after a long text.
struct BenchLength: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "length",
        abstract: "A token's time and the memory after a short and after a long text.",
        discussion: """
            The model reads a text of --long tokens, of which those after --short tokens are kept as well; then both are \
            continued in turns, so that what else the machine does disturbs them equally. The ratio is the median of the \
            rounds. A state of constant size gives 1, whatever the length, and memory that does not grow.

            Examples:
              rwkv bench length
              rwkv bench length --random rwkv7:L12:D768 --long 20000
              rwkv bench length --random transformer:L2:D128:V256 --long 4000 --json
            """)

    @OptionGroup var measured: MeasuredModelOptions

    @Option(help: ArgumentHelp("The tokens of the short text.", valueName: "n"))
    var short = 1000

    @Option(help: ArgumentHelp("The tokens of the long text.", valueName: "n"))
    var long = 1_000_000

    @Option(help: ArgumentHelp("The tokens that a round decodes after each text.", valueName: "n"))
    var decode = 64

    @Option(help: ArgumentHelp("The rounds.", valueName: "n"))
    var rounds = 31

    @OptionGroup var activations: PrecisionOptions

    @OptionGroup var threading: ThreadOptions

    @Flag(help: "The figures as JSON.")
    var json = false

    func validate() throws {
        if short < 1 { throw ValidationError("--short is \(short); it must be at least 1") }
        if long <= short { throw ValidationError("--long is \(long); it must be more than --short, \(short)") }
        if decode < 1 { throw ValidationError("--decode is \(decode); it must be at least 1") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); it must be at least 1") }
    }

    func run() throws {
        let bench = LengthBench(
            try measured.load(), threadCount: threading.threads ?? ThreadPool.processorCount,
            precision: activations.precision.precision, decodeLength: decode)
        let meter = ProgressMeter("reading", total: long, unit: "tokens")
        try bench.read(to: [short, long]) { meter.show($0) }
        for round in 1...rounds {
            Terminal.progress("round \(round) of \(rounds)")
            try bench.round()
        }
        Terminal.endProgress()
        Terminal.write(json ? try Self.json(bench) : Self.text(bench))
    }

    private static func text(_ bench: LengthBench) -> String {
        var table = TextTable(
            ["after tokens", "µs a token", "state", "computation", "process"].map { TextTable.Column($0) })
        for stop in bench.stops {
            table.add([
                "\(stop.position)", format(stop.seconds * 1e6, decimals: 1),
                "\(stop.stateByteCount)", "\(stop.workspaceByteCount)", "\(stop.residentByteCount)",
            ])
        }
        let lines =
            table.lines(Style.ofStandardOutput)
            + ["a token after the long text takes \(format(bench.ratio, decimals: 4)) times as long; memory in bytes"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func json(_ bench: LengthBench) throws -> String {
        let stops = bench.stops.map { stop -> [String: Any] in
            [
                "tokens": stop.position, "seconds_per_token": stop.seconds, "state_bytes": stop.stateByteCount,
                "workspace_bytes": stop.workspaceByteCount, "resident_bytes": stop.residentByteCount,
            ]
        }
        let report: [String: Any] = ["stops": stops, "ratio": bench.ratio, "ratios": bench.ratios]
        let data = try JSONSerialization.data(withJSONObject: report, options: [.prettyPrinted, .sortedKeys])
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
