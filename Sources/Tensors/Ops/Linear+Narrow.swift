internal import CKernels

/// A matrix of `bf16` numbers: activations on their way into a product, or weights.
struct NarrowMatrix {
    let rows: Int
    let columns: Int
    /// The distance between rows.
    let stride: Int
    let pointer: UnsafePointer<UInt16>
    // What the pointer points into, if nobody else keeps it.
    let memory: Tensor?

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

/// Products of `bf16` with `bf16` in inference, for processors that have them.
extension Tape {
    /// The rows of `x`, rounded.
    func narrowed(_ x: Tensor) -> NarrowMatrix {
        NarrowMatrix(x.rows, x.width, on: self) { target, stride in
            workspace.parallel(x.rows, cost: 0.1 * Double(x.width), op: "narrow") { narrow(x, $0, to: target, stride) }
        }
    }

    /// Some rows of `x`, rounded, with a zero where half a pair is missing.
    func narrow(_ x: Tensor, _ rows: Range<Int>, to target: UnsafeMutablePointer<UInt16>, _ stride: Int) {
        for row in rows {
            kernels.table.f32_to_bf16(target + row * stride, x.row(row), x.width)
            if x.width < stride { target[row * stride + x.width] = 0 }
        }
    }

    /// y[t, n] = Σ_k x[t, k] · w[n, k]
    func narrowProduct(_ y: Tensor, _ x: NarrowMatrix, _ w: NarrowMatrix) {
        let (t, n, k) = (x.rows, w.rows, x.columns)
        // As in `linear`: tiles whose operands stay in the second-level cache; a few rows want long reads instead.
        let rowBlock = 96
        let rowBlocks = (t + rowBlock - 1) / rowBlock
        let perThread = workspace.threads.threadCount == 1 ? n : n / (4 * workspace.threads.threadCount)
        let outputBlock = t <= 64 ? max(64, (perThread + 31) / 32 * 32) : 64
        let outputBlocks = (n + outputBlock - 1) / outputBlock
        let rate = t == 1 ? 10.0 : 100
        workspace.parallel(
            rowBlocks * outputBlocks, cost: Double(min(t, rowBlock) * outputBlock * k) / rate, op: "linear"
        ) { tiles in
            for tile in tiles {
                let (outputTile, rowTile) = tile.quotientAndRemainder(dividingBy: rowBlocks)
                let (row, output) = (rowTile * rowBlock, outputTile * outputBlock)
                kernels.table.matmul_pairs(
                    y.pointer + row * n + output, n, x.row(row), x.stride, w.row(output), w.stride,
                    min(rowBlock, t - row), min(outputBlock, n - output), k)
            }
        }
        withExtendedLifetime((x, w)) {}
    }

    /// The same for many rows, `[t, k]`, in one piece: laid out for it, they use each number of the weights together.
    func turnedProduct(_ y: Tensor, _ x: Tensor, _ w: NarrowMatrix) {
        let (t, n, k, width) = (x.rows, w.rows, w.columns, Int(CK_PANEL_WIDTH))
        let panels = (t + width - 1) / width
        let panel = ck_turned_words(k)
        let memory = make(panels, panel)
        let turned = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt32.self)
        workspace.parallel(panels, cost: 0.1 * Double(k * width), op: "narrow") { part in
            let first = part.lowerBound * width
            kernels.table.turn_rows(
                turned + part.lowerBound * panel, x.row(first), k, min(part.upperBound * width, t) - first, k)
        }
        // Tiles want as many panels as stay in the second-level cache beside the weights: half a megabyte. Other processors
        // lay the weights out anew for each block of rows.
        let rowBlock = kernels.hasTiles ? max(1, 262_144 / max(1, k * width)) * width : 512
        let rowBlocks = (t + rowBlock - 1) / rowBlock
        let perThread = workspace.threads.threadCount == 1 ? n : n / (4 * workspace.threads.threadCount)
        let outputBlock = max(2 * width, (perThread + width - 1) / width * width)
        let outputBlocks = (n + outputBlock - 1) / outputBlock
        // A few rows wait for the weights.
        let rate = t <= width ? 10.0 * Double(t) : 300
        workspace.parallel(
            rowBlocks * outputBlocks, cost: Double(min(t, rowBlock) * outputBlock * k) / rate, op: "linear"
        ) { tiles in
            for tile in tiles {
                let (outputTile, rowTile) = tile.quotientAndRemainder(dividingBy: rowBlocks)
                let (row, output) = (rowTile * rowBlock, outputTile * outputBlock)
                kernels.table.matmul_turned(
                    y.pointer + row * n + output, n, turned + row / width * panel, w.row(output), w.stride,
                    min(rowBlock, t - row), min(outputBlock, n - output), k)
            }
        }
        withExtendedLifetime((memory, w)) {}
    }
}
