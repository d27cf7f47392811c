internal import RWKV

/// Times the matrix products of one level of kernels.
final class ProductBench {
    let level: Kernels.Level
    private let size: Int
    private let workspace: Workspace
    // The same threads cannot serve two precisions, but threads without work cost nothing.
    private let narrow: Workspace?
    private let square: Parameter
    private let squareHalf: Parameter
    private let tall: Parameter
    private let tallHalf: Parameter
    private let input: Tensor
    private let row: Tensor
    private let gradients: Gradients

    /// Floating-point operations per second: X·Wᵀ with f32 and with bf16 weights, dY·W, dYᵀ·X.
    private(set) var forward = 0.0
    private(set) var halfForward = 0.0
    /// With `bf16` on both sides; `nil` at levels that have no such products.
    private(set) var narrowForward: Double?
    private(set) var inputBackward = 0.0
    private(set) var weightBackward = 0.0
    /// Bytes of weights per second of one row times a matrix larger than the caches.
    private(set) var vector = 0.0
    private(set) var halfVector = 0.0
    private(set) var narrowVector: Double?

    private static let tallRows = 16384
    private static let tallWidth = 4096

    init(_ level: Kernels.Level, size: Int, threadCount: Int) throws {
        guard let kernels = Kernels(level) else {
            throw InputError(description: "this machine lacks \(level.rawValue)")
        }
        self.level = level
        self.size = size
        workspace = Workspace(threadCount: threadCount, kernels: kernels)
        narrow =
            kernels.prefersBF16 ? Workspace(threadCount: threadCount, kernels: kernels, precision: .fast) : nil
        let store = ParameterStore(seed: 1)
        let scope = ParameterScope(store)
        square = try scope.matrix("square", size, size, initially: .uniform(1))
        tall = try scope.matrix("tall", Self.tallRows, Self.tallWidth, initially: .constant(1))
        squareHalf = Self.narrowed(square)
        tallHalf = Self.narrowed(tall)
        let buffers = workspace.buffers
        input = Tensor([size, size], in: buffers)
        row = Tensor([1, Self.tallWidth], in: buffers)
        input.mutableValues.update(repeating: 0.5)
        row.mutableValues.update(repeating: 0.5)
        gradients = Gradients(store.parameters, in: buffers)
    }

    private static func narrowed(_ parameter: Parameter) -> Parameter {
        Parameter(
            index: parameter.index, name: parameter.name, shape: parameter.shape, role: parameter.role,
            learningRateScale: 1, value: parameter.value.converted(to: .bf16))
    }

    /// Times each product once, and keeps what is better than before.
    func round() throws {
        // The scalar level takes a second for what the others do in a hundredth: it gets a slice and is scaled up.
        let rows = level == .scalar ? max(1, size / 32) : size
        let part = Tensor([rows, size], in: workspace.buffers)
        part.mutableValues.update(repeating: 0.5)
        let flops = 2 * Double(rows) * Double(size) * Double(size)
        let tape = Tape(on: workspace)
        forward = max(forward, flops / time { _ = tape.linear(part, square) })
        halfForward = max(halfForward, flops / time { _ = tape.linear(part, squareHalf) })
        if let narrow {
            let narrowTape = Tape(on: narrow)
            narrowForward = max(narrowForward ?? 0, flops / time { _ = narrowTape.linear(part, squareHalf) })
            let seconds = time { _ = narrowTape.linear(row, tallHalf) }
            narrowVector = max(narrowVector ?? 0, Double(tallHalf.value.byteCount) / seconds)
        }
        let (dx, dw) = tape.timeLinearBackward(part, square, gradients, clock: monotonicSeconds)
        inputBackward = max(inputBackward, flops / dx)
        weightBackward = max(weightBackward, flops / dw)
        if level == .scalar && rows < size {
            // Its matrix-vector product is the same loop; reading 256 MB with it tells nothing new and takes long.
            let bytes = Double(size * size)
            let one = Tensor([1, size], in: workspace.buffers)
            one.mutableValues.update(repeating: 0.5)
            vector = max(vector, bytes * 4 / time { _ = tape.linear(one, square) })
            halfVector = max(halfVector, bytes * 2 / time { _ = tape.linear(one, squareHalf) })
        } else {
            vector = max(vector, Double(tall.value.byteCount) / time { _ = tape.linear(row, tall) })
            halfVector = max(halfVector, Double(tallHalf.value.byteCount) / time { _ = tape.linear(row, tallHalf) })
        }
    }
}

/// Times reading memory in a straight line: the limit of everything that reads its weights once.
final class ReadBench {
    private let pool: ThreadPool
    private let kernels = Kernels.best
    private let memory = Storage.inLargePages(byteCount: 1 << 28)
    private(set) var bytesPerSecond = 0.0

    init(threadCount: Int) {
        pool = ThreadPool(threadCount: threadCount)
        memory.mutableBytes?.initializeMemory(as: Float.self, repeating: 1)
    }

    func round() {
        let source = memory.bytes.bindMemory(to: Float.self)
        let seconds = time {
            pool.run(source.count, grain: 1 << 22) { range in
                _ = kernels.read(UnsafeBufferPointer(rebasing: source[range]))
            }
        }
        bytesPerSecond = max(bytesPerSecond, Double(source.count * 4) / seconds)
    }
}
