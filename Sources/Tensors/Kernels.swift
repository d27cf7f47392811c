internal import CKernels

/// The kernels of one instruction-set level; every workspace computes with one of these.
///
/// Results are bit-identical for one level whatever the threads and chunks; different levels sum in different orders.
public struct Kernels: @unchecked Sendable {
    // The table is constant data of the program; that is what makes sharing the pointer safe.
    private let pointer: UnsafePointer<ck_kernels>

    var table: ck_kernels {
        @inline(__always)
        unsafeAddress { pointer }
    }

    /// An instruction-set level that the kernels are written for.
    public enum Level: String, Sendable, CaseIterable {
        case scalar
        case neon
        case neonDotProduct = "neon-dotprod"
        case avx2
        case avx512
        case avx512VNNI = "avx512-vnni"
        case avx512BF16 = "avx512-bf16"
        case avx512AMX = "avx512-amx"
        /// The sources of `avx512-amx` at their full width on AVX2 registers: for tests on machines that lack AVX-512.
        case avx512Twin = "avx512-twin"
    }

    /// Whether the processor multiplies bfloat16 with bfloat16, at up to twice the rate of floats.
    public var prefersBF16: Bool { pointer.pointee.prefers_bf16 != 0 }

    /// Whether the processor multiplies whole tiles of bfloat16, at many times the rate of floats.
    var hasTiles: Bool { pointer.pointee.has_tiles != 0 }

    /// The level's name, as in the environment variable `RWKV_KERNELS`.
    public var name: String { String(cString: pointer.pointee.name) }

    /// The best kernels of this machine, or those of the level that `RWKV_KERNELS` names if the machine has them.
    public static var best: Kernels { Kernels(pointer: ck_kernels_best()) }

    /// The kernels of `level`, or `nil` if this machine lacks it.
    public init?(_ level: Level) {
        let index: ck_level =
            switch level {
            case .scalar: CK_SCALAR
            case .neon: CK_NEON
            case .neonDotProduct: CK_NEON_DOTPROD
            case .avx2: CK_AVX2
            case .avx512: CK_AVX512
            case .avx512VNNI: CK_AVX512_VNNI
            case .avx512BF16: CK_AVX512_BF16
            case .avx512AMX: CK_AVX512_AMX
            case .avx512Twin: CK_AVX512_TWIN
            }
        guard let pointer = ck_kernels_at(index) else { return nil }
        self.pointer = pointer
    }

    private init(pointer: UnsafePointer<ck_kernels>) { self.pointer = pointer }

    /// The sum of `values`, read in a straight line: what a benchmark measures the machine's read bandwidth with.
    public func read(_ values: UnsafeBufferPointer<Float>) -> Float {
        guard let base = values.baseAddress else { return 0 }
        return table.read(base, values.count)
    }
}
