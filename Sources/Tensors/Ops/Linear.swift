internal import CKernels

extension Tape {
    /// The rows of `x` times the transposed matrix, and what LoRA adds.
    ///
    ///     y[t, n] = Σ_k x[t, k] · W[n, k] + scale · Σ_r B[n, r] · Σ_k A[r, k] · x[t, k]
    ///
    /// - Parameters:
    ///   - x: `[T, K]`.
    ///   - weight: `[N, K]`: `f32`, `bf16` or `f16`, or quantised. The backward pass needs `f32` or `bf16`.
    /// - Returns: `[T, N]`.
    /// - Complexity: O(T·N·K). An element is summed in an order that depends on K alone.
    public func linear(_ x: Tensor, _ weight: Parameter) -> Tensor {
        let k = weight.inputs
        precondition(x.width == k, "“\(weight.name)” is \(weight.shape), its input is \(x.shape)")
        onLinear?(weight, x)
        let y = product(x, weight)
        guard let change = weight.change else { return y }
        return add(y, product(product(x, change.a), change.b), times: change.scale)
    }

    /// y[t, n] = Σ_k x[t, k] · W[n, k]
    private func product(_ x: Tensor, _ weight: Parameter) -> Tensor {
        if let narrowWeights { return narrowLinear(x, weight, narrowWeights) }
        let y = make(x.rows, weight.outputs)
        linearForward(y, x, weight)
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.linearInputBackward(dx, dy, weight)
            tape.contribute(dx, to: x)
            if let dw = gradients.wanted(weight) { tape.linearWeightBackward(dw, dy, x) }
        })
        return y
    }

    /// Runs the two backward products of `linear` once each, for benchmarks.
    /// - Returns: The seconds of dx and of dW.
    public func timeLinearBackward(
        _ x: Tensor, _ weight: Parameter, _ gradients: Gradients, clock: () -> Double
    ) -> (input: Double, weight: Double) {
        let dy = make(x.rows, weight.outputs)
        dy.mutableValues.update(repeating: 1)
        let dx = make(x.shape)
        let began = clock()
        linearInputBackward(dx, dy, weight)
        let between = clock()
        linearWeightBackward(gradients[weight], dy, x)
        return (between - began, clock() - between)
    }

    /// y[t, n] = Σ_k x[t, k] · W[n, k], whatever the type of the weights.
    func linearForward(_ y: Tensor, _ x: Tensor, _ weight: Parameter) {
        if let packed = weight.packed { return packedForward(y, x, packed) }
        if weight.value.type == .bf16, workspace.precision == .fast, kernels.prefersBF16 {
            if x.rows >= kernels.table.turned_rows { return turnedProduct(y, x, NarrowMatrix(weight)) }
            return narrowProduct(y, narrowed(x), NarrowMatrix(weight))
        }
        let (t, n, k) = (x.rows, weight.outputs, weight.inputs)
        // Tiles of at most 64 outputs and 96 rows: the weights of a tile stay in the second-level cache. One row alone uses
        // each weight once, and wants long reads instead: a few blocks per thread.
        let rowBlock = 96
        let rowBlocks = (t + rowBlock - 1) / rowBlock
        let perThread = workspace.threads.threadCount == 1 ? n : n / (4 * workspace.threads.threadCount)
        let outputBlock = t == 1 ? max(64, (perThread + 7) / 8 * 8) : 64
        let outputBlocks = (n + outputBlock - 1) / outputBlock
        // Products per nanosecond: one row waits for memory, more of them compute.
        let rate = t == 1 ? 10.0 : 50
        workspace.parallel(
            rowBlocks * outputBlocks, cost: Double(min(t, rowBlock) * outputBlock * k) / rate, op: "linear"
        ) { tiles in
            for tile in tiles {
                let (outputTile, rowTile) = tile.quotientAndRemainder(dividingBy: rowBlocks)
                let row = rowTile * rowBlock
                let output = outputTile * outputBlock
                let (rows, outputs) = (min(rowBlock, t - row), min(outputBlock, n - output))
                let (target, source) = (y.pointer + row * n + output, x.row(row))
                switch weight.value.type {
                case .bf16:
                    kernels.table.matmul_bf16(
                        target, n, source, k, weight.halves + output * k, k, rows, outputs, k)
                case .f16:
                    kernels.table.matmul_f16(target, n, source, k, weight.halves + output * k, k, rows, outputs, k)
                default:
                    kernels.table.matmul_f32(target, n, source, k, weight.floats + output * k, k, rows, outputs, k)
                }
            }
        }
    }

    // dx[t, k] = Σ_n dy[t, n] · W[n, k]
    func linearInputBackward(_ dx: Tensor, _ dy: Tensor, _ weight: Parameter) {
        let (t, n, k) = (dx.rows, weight.outputs, weight.inputs)
        parallelBlocks(t, k, depth: n) { rows, columns in
            let c = dx.row(rows.lowerBound) + columns.lowerBound
            let a = dy.row(rows.lowerBound)
            if weight.value.type == .bf16 {
                kernels.table.matmul_add_bf16(
                    c, k, a, n, 1, weight.halves + columns.lowerBound, k, rows.count, columns.count, n, 0)
            } else {
                kernels.table.matmul_add_f32(
                    c, k, a, n, 1, weight.floats + columns.lowerBound, k, rows.count, columns.count, n, 0)
            }
        }
    }

    // dW[n, k] += Σ_t dy[t, n] · x[t, k]
    func linearWeightBackward(_ dw: Tensor, _ dy: Tensor, _ x: Tensor) {
        let (t, n, k) = (x.rows, dy.width, x.width)
        parallelBlocks(n, k, depth: t) { rows, columns in
            kernels.table.matmul_add_f32(
                dw.row(rows.lowerBound) + columns.lowerBound, k, dy.pointer + rows.lowerBound, 1, n,
                x.pointer + columns.lowerBound, k, rows.count, columns.count, t, 1)
        }
    }

    /// Splits an `[rows, columns]` output into blocks that the threads share.
    func parallelBlocks(
        _ rows: Int, _ columns: Int, depth: Int, op: StaticString = #function, _ body: (Range<Int>, Range<Int>) -> Void
    ) {
        let rowBlock = 96
        // One row waits for memory; each thread reads a part of the columns.
        let perThread = (columns / workspace.threads.threadCount + 15) / 16 * 16
        let columnBlock = rows == 1 ? max(16, min(256, perThread)) : 256
        let rowBlocks = (rows + rowBlock - 1) / rowBlock
        let columnBlocks = (columns + columnBlock - 1) / columnBlock
        let cost = Double(min(rows, rowBlock) * min(columns, columnBlock) * depth) / (rows == 1 ? 4 : 50)
        workspace.parallel(rowBlocks * columnBlocks, cost: cost, op: op) { blocks in
            for block in blocks {
                let (i, j) = block.quotientAndRemainder(dividingBy: columnBlocks)
                body(
                    i * rowBlock..<min(rows, (i + 1) * rowBlock),
                    j * columnBlock..<min(columns, (j + 1) * columnBlock))
            }
        }
    }
}
