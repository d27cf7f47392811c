internal import CKernels

/// A matrix of `bf16` numbers: activations on their way into a product, or weights.
struct NarrowMatrix {
    let rows: Int
    let columns: Int
    /// The distance between rows.
    let stride: Int
    let pointer: UnsafePointer<UInt16>
    // What the pointer points into, if nobody else keeps it.
    private let memory: Tensor?

    /// The weights of a `bf16` parameter, where they are.
    init(_ weight: Parameter) {
        (rows, columns, stride) = (weight.outputs, weight.inputs, weight.inputs)
        pointer = weight.halves
        memory = nil
    }

    /// Room for numbers, in the memory of a tensor.
    init(_ rows: Int, _ columns: Int, on tape: Tape, fill: (UnsafeMutablePointer<UInt16>, _ stride: Int) -> Void) {
        let words = (columns + 1) / 2
        let memory = tape.make(rows, words)
        (self.rows, self.columns, self.memory) = (rows, columns, memory)
        stride = 2 * words
        let base = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt16.self)
        fill(base, stride)
        pointer = UnsafePointer(base)
    }

    func row(_ index: Int) -> UnsafePointer<UInt16> { pointer + index * stride }
}

/// Products of `bf16` with `bf16`, for processors that have them.
extension Tape {
    /// The rows of `x`, rounded.
    func narrowed(_ x: Tensor) -> NarrowMatrix { narrowed(UnsafePointer(x.pointer), x.rows, x.width) }

    /// A matrix `[rows, columns]`, rounded.
    func narrowed(_ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int) -> NarrowMatrix {
        NarrowMatrix(rows, columns, on: self) { target, stride in
            workspace.parallel(rows, cost: 0.1 * Double(columns), op: "narrow") { part in
                for row in part { kernels.table.f32_to_bf16(target + row * stride, x + row * columns, columns) }
            }
        }
    }

    /// The transpose `[columns, rows]` of a matrix, rounded.
    func narrowedTranspose(_ x: UnsafePointer<Float>, _ rows: Int, _ columns: Int) -> NarrowMatrix {
        NarrowMatrix(columns, rows, on: self) { target, stride in
            workspace.parallel(columns, cost: 0.3 * Double(rows), multiple: 16, op: "narrow") { part in
                kernels.table.transpose_bf16(
                    target + part.lowerBound * stride, stride, x + part.lowerBound, columns, rows, part.count)
            }
        }
    }

    func narrowedTranspose(_ x: Tensor) -> NarrowMatrix {
        narrowedTranspose(UnsafePointer(x.pointer), x.rows, x.width)
    }

    /// y[t, n] = Σ_k x[t, k] · w[n, k], added to what is in `y` if `accumulating`.
    ///
    /// - Parameter depth: Sums over k are made in pieces of this length, so that what a tile reads stays in the caches.
    func narrowProduct(
        _ y: Tensor, _ x: NarrowMatrix, _ w: NarrowMatrix, accumulating: Bool = false, depth: Int = .max
    ) {
        let (t, n, k) = (x.rows, w.rows, x.columns)
        // As in `linear`: tiles whose operands stay in the second-level cache; a few rows want long reads instead.
        let rowBlock = 96
        let rowBlocks = (t + rowBlock - 1) / rowBlock
        let perThread = workspace.threads.threadCount == 1 ? n : n / (4 * workspace.threads.threadCount)
        let outputBlock = t <= 64 ? max(64, (perThread + 7) / 8 * 8) : 64
        let outputBlocks = (n + outputBlock - 1) / outputBlock
        let rate = t == 1 ? 10.0 : 100
        workspace.parallel(
            rowBlocks * outputBlocks, cost: Double(min(t, rowBlock) * outputBlock * k) / rate, op: "linear"
        ) { tiles in
            for tile in tiles {
                let (outputTile, rowTile) = tile.quotientAndRemainder(dividingBy: rowBlocks)
                let (row, output) = (rowTile * rowBlock, outputTile * outputBlock)
                for start in stride(from: 0, to: max(k, 1), by: min(depth, max(k, 1))) {
                    kernels.table.matmul_pairs(
                        y.pointer + row * n + output, n, x.row(row) + start, x.stride, w.row(output) + start, w.stride,
                        min(rowBlock, t - row), min(outputBlock, n - output), min(depth, k - start),
                        accumulating || start > 0 ? 1 : 0)
                }
            }
        }
        withExtendedLifetime((x, w)) {}
    }

    /// y = x · Wᵀ in training: rounded on both sides, and so are the gradients.
    /// - Parameter isTransposed: Whether the weight is stored as `[in, out]`, as low-rank factors are.
    func narrowLinear(_ x: Tensor, _ weight: Parameter, _ weights: NarrowWeights, isTransposed: Bool = false) -> Tensor
    {
        let y = make(x.rows, isTransposed ? weight.inputs : weight.outputs)
        let w = isTransposed ? weights.transposed(weight, on: self) : weights.straight(weight, on: self)
        narrowProduct(y, narrowed(x), w, depth: Self.narrowDepth)
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            // dx[t, k] = Σ_n dy[t, n] · W[n, k]
            let dx = tape.make(x.shape)
            let w = isTransposed ? weights.straight(weight, on: tape) : weights.transposed(weight, on: tape)
            tape.narrowProduct(dx, tape.narrowed(dy), w, depth: Self.narrowDepth)
            tape.contribute(dx, to: x)
            // dW[n, k] += Σ_t dy[t, n] · x[t, k]
            guard let dw = gradients.wanted(weight) else { return }
            let (a, b) = (tape.narrowedTranspose(dy), tape.narrowedTranspose(x))
            tape.narrowProduct(
                dw, isTransposed ? b : a, isTransposed ? a : b, accumulating: true, depth: Self.narrowDepth)
        })
        return y
    }

    private static let narrowDepth = 2048
}
