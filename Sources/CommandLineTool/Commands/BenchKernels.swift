internal import ArgumentParser
internal import RWKV

/// The products of every level of kernels, beside the machine's read bandwidth and OpenBLAS.
struct BenchKernels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels",
        abstract: "Matrix products of every kernel level, beside the machine's read bandwidth and OpenBLAS.",
        discussion: """
            OpenBLAS is measured if its library is installed (Debian: libopenblas0-pthread), or named with --blas.
            """)

    @Option(help: "The size n of the products of n × n matrices.")
    var size = 1024

    @Option(help: ArgumentHelp("The rounds; the best counts.", valueName: "n"))
    var rounds = 5

    @Option(help: ArgumentHelp("The path of a library with cblas_sgemm.", valueName: "file"))
    var blas: String?

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        if !(16...8192).contains(size) { throw ValidationError("--size is \(size); it must be from 16 to 8192") }
        if rounds < 1 { throw ValidationError("--rounds is \(rounds); it must be at least 1") }
    }

    func run() throws {
        let most = threading.threads ?? ThreadPool.processorCount
        for threadCount in Set([1, most]).sorted() { try measure(threadCount) }
    }

    private func measure(_ threadCount: Int) throws {
        let levels = Kernels.Level.allCases.filter { $0 != .avx512Twin && Kernels($0) != nil }
        let subjects = try levels.map { try ProductBench($0, size: size, threadCount: threadCount) }
        let library = OpenBLAS(path: blas, threadCount: threadCount)
        let memory = ReadBench(threadCount: threadCount)
        // Interleaved, so that a disturbance meets all of them alike.
        for _ in 0..<rounds {
            memory.round()
            library?.round(size: size)
            for subject in subjects { try subject.round() }
        }
        let reading = memory.bytesPerSecond
        var lines = [
            "",
            "\(threadCount) thread\(threadCount == 1 ? "" : "s"), n = \(size); reads \(format(reading / 1e9, decimals: 1)) "
                + "GB/s\(library.map { "; OpenBLAS \(format($0.flops / 1e9, decimals: 0)) GFLOP/s" } ?? "; no OpenBLAS here")",
        ]
        var products = TextTable([
            TextTable.Column("GFLOP/s", isText: true), TextTable.Column("f32"), TextTable.Column(": OpenBLAS"),
            TextTable.Column("f32 · bf16"), TextTable.Column("bf16 · bf16"), TextTable.Column("dx f32"),
            TextTable.Column("dw f32"),
        ])
        var vectors = TextTable([
            TextTable.Column("one row, GB/s and share of reading", isText: true), TextTable.Column("f32"),
            TextTable.Column("f32 · bf16"), TextTable.Column("bf16 · bf16"),
        ])
        func rate(_ flops: Double?) -> String { flops.map { format($0 / 1e9, decimals: 0) } ?? "-" }
        func bytes(_ rate: Double?) -> String {
            rate.map { "\(format($0 / 1e9, decimals: 1)) (\(format(100 * $0 / reading, decimals: 0)) %)" } ?? "-"
        }
        for subject in subjects {
            products.add([
                subject.level.rawValue, rate(subject.forward),
                library.map { format(subject.forward / $0.flops) } ?? "-", rate(subject.halfForward),
                rate(subject.narrowForward), rate(subject.inputBackward), rate(subject.weightBackward),
            ])
            vectors.add([
                subject.level.rawValue, bytes(subject.vector), bytes(subject.halfVector), bytes(subject.narrowVector),
            ])
        }
        lines += products.lines(Style.ofStandardOutput) + vectors.lines(Style.ofStandardOutput)
        Terminal.write(lines.joined(separator: "\n") + "\n")
    }
}
