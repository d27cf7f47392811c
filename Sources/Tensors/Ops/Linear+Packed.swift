internal import CKernels

/// `linear` with quantised weights.
extension Tape {
    /// y = x · Wᵀ with W in panels; x goes in as bytes unless the workspace computes exactly.
    func packedForward(_ y: Tensor, _ x: Tensor, _ weight: PackedMatrix) {
        if workspace.precision == .exact {
            packedTiles(y, x.width, perNanosecond: 10) { rows, outputs in
                kernels.table.matmul_packed_exact(
                    weight.type, y.row(rows.lowerBound) + outputs.lowerBound, y.width, x.row(rows.lowerBound), x.width,
                    weight.panels(from: outputs.lowerBound), rows.count, outputs.count, x.width)
            }
            return
        }
        let bytes = activationBytes(x)
        withExtendedLifetime(bytes) {
            let activations = bytes.pointer.withMemoryRebound(to: ck_activations.self, capacity: x.rows * x.width / 32)
            {
                UnsafePointer($0)
            }
            packedTiles(y, x.width, perNanosecond: 100) { rows, outputs in
                kernels.table.matmul_packed(
                    weight.type, y.row(rows.lowerBound) + outputs.lowerBound, y.width, activations + rows.lowerBound,
                    x.rows, weight.panels(from: outputs.lowerBound), rows.count, outputs.count, x.width)
            }
        }
    }

    /// The activations in bytes: `ck_activations` of `[K / 32, T]`, in the memory of a tensor.
    private func activationBytes(_ x: Tensor) -> Tensor {
        let (rows, k) = (x.rows, x.width)
        let steps = k / Int(CK_STEP)
        let bytes = make(rows, steps * MemoryLayout<ck_activations>.stride / MemoryLayout<Float>.stride)
        bytes.pointer.withMemoryRebound(to: ck_activations.self, capacity: rows * steps) { target in
            workspace.parallel(rows, cost: 0.3 * Double(k), op: "quantizeRows") { part in
                kernels.table.quantize_rows(
                    target + part.lowerBound, rows, x.row(part.lowerBound), k, part.count, k)
            }
        }
        return bytes
    }

    /// Splits the output into blocks of rows, whose activations stay in the second-level cache, and of outputs. One row
    /// alone uses each weight once, and wants long reads instead: a few blocks per thread, each of whole groups of panels.
    private func packedTiles(_ y: Tensor, _ k: Int, perNanosecond: Double, _ body: (Range<Int>, Range<Int>) -> Void) {
        let (t, n) = (y.rows, y.width)
        let rowBlock = 64
        let threads = workspace.threads.threadCount
        let perThread = threads == 1 ? n : n / (4 * threads)
        let outputBlock = t <= rowBlock ? (max(perThread, 1) + 63) / 64 * 64 : 128
        let rowBlocks = (t + rowBlock - 1) / rowBlock
        let outputBlocks = (n + outputBlock - 1) / outputBlock
        let cost = Double(min(t, rowBlock) * outputBlock * k) / (t == 1 ? min(perNanosecond, 30) : perNanosecond)
        workspace.parallel(rowBlocks * outputBlocks, cost: cost, op: "linear") { tiles in
            for tile in tiles {
                // Row blocks outside: the activations of one are used for all outputs before the next one's.
                let (row, output) = tile.quotientAndRemainder(dividingBy: outputBlocks)
                body(
                    row * rowBlock..<min(t, (row + 1) * rowBlock),
                    output * outputBlock..<min(n, (output + 1) * outputBlock))
            }
        }
    }
}
