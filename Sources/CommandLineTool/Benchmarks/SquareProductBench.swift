internal import RWKV

/// Times the 32-bit product of square matrices: the machine's rate for what prefill consists of.
final class SquareProductBench {
    private static let size = 1024
    private let workspace: Workspace
    private let matrix: Parameter
    private let input: Tensor
    private(set) var flops = 0.0

    init(threadCount: Int) throws {
        workspace = Workspace(threadCount: threadCount)
        let scope = ParameterScope(ParameterStore(seed: 1))
        matrix = try scope.matrix("square", Self.size, Self.size, initially: .uniform(1))
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
