internal import RWKV

/// Times the product of square matrices: the machine's rate for what prefill and training consist of.
final class SquareProductBench {
    private static let size = 1024
    private let workspace: Workspace
    private let matrix: Parameter
    private let input: Tensor
    /// Floating-point operations per second.
    private(set) var flops = 0.0

    /// - Parameter type: The numbers on both sides: `f32`, or `bf16` where the processor multiplies such.
    init(threadCount: Int, _ type: DataType) throws {
        workspace = Workspace(threadCount: threadCount, precision: type == .bf16 ? .fast : .exact)
        let scope = ParameterScope(ParameterStore(seed: 1))
        let square = try scope.matrix("square", Self.size, Self.size, initially: .uniform(1))
        matrix = Parameter(
            index: 0, name: square.name, shape: square.shape, role: .matrix, learningRateScale: 1,
            value: square.value.converted(to: type))
        input = Tensor([Self.size, Self.size], in: workspace.buffers)
        input.mutableValues.update(repeating: 0.5)
    }

    func round() {
        let n = Double(Self.size)
        for _ in 0..<3 {
            let seconds = time { _ = Tape(on: workspace).linear(input, matrix) }
            flops = max(flops, 2 * n * n * n / seconds)
        }
    }
}
