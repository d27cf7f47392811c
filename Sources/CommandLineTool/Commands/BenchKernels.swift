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
        Terminal.write(
            """

            \(threadCount) thread\(threadCount == 1 ? "" : "s"), n = \(size); reads \(format(reading / 1e9, decimals: 1)) \
            GB/s\(library.map { "; OpenBLAS \(format($0.flops / 1e9, decimals: 0)) GFLOP/s" } ?? "; no OpenBLAS here")
            level     GEMM f32  bf16 weights  dx f32  dw f32  GFLOP/s\(library == nil ? "" : "   f32 : OpenBLAS")\
               GEMV f32          bf16          GB/s and share of reading

            """)
        for subject in subjects {
            let rates = [subject.forward, subject.halfForward, subject.inputBackward, subject.weightBackward]
                .map { format($0 / 1e9, decimals: 0) }
            let ratio = library.map { "   \(format(subject.forward / $0.flops))" } ?? ""
            let vectors = [subject.vector, subject.halfVector].map {
                "\(format($0 / 1e9, decimals: 1)) (\(format(100 * $0 / reading, decimals: 0)) %)"
            }
            Terminal.write(
                """
                \(subject.level.rawValue.padded(8))  \(rates[0].padded(8, right: true))  \
                \(rates[1].padded(12, right: true))  \(rates[2].padded(6, right: true))  \
                \(rates[3].padded(6, right: true))\(ratio.padded(24, right: true))   \
                \(vectors[0].padded(16))  \(vectors[1])

                """)
        }
    }
}
