internal import RWKV

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// OpenBLAS as a peer, if the machine has it: its matrix product, called by name and not linked.
final class OpenBLAS {
    private typealias Multiply =
        @convention(c) (
            Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>, Int32, UnsafePointer<Float>, Int32,
            Float,
            UnsafeMutablePointer<Float>, Int32
        ) -> Void

    private let multiply: Multiply
    private var a: [Float] = []
    private var c: [Float] = []
    private(set) var flops = 0.0

    init?(path: String?, threadCount: Int) {
        let names = path.map { [$0] } ?? ["libopenblas.so.0", "libopenblas.so", "libopenblas.dylib"]
        guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first,
            let symbol = dlsym(library, "cblas_sgemm")
        else { return nil }
        multiply = unsafeBitCast(symbol, to: Multiply.self)
        if let setter = dlsym(library, "openblas_set_num_threads") {
            unsafeBitCast(setter, to: (@convention(c) (Int32) -> Void).self)(Int32(threadCount))
        }
    }

    /// Times X·Wᵀ of two n × n matrices once.
    func round(size n: Int) {
        if a.count != n * n {
            a = [Float](repeating: 0.5, count: n * n)
            c = a
        }
        let size = Int32(n)
        let (rowMajor, plain, transposed): (Int32, Int32, Int32) = (101, 111, 112)
        let seconds = time {
            multiply(rowMajor, plain, transposed, size, size, size, 1, a, size, a, size, 0, &c, size)
        }
        flops = max(flops, 2 * Double(n) * Double(n) * Double(n) / seconds)
    }
}
