internal import CKernels

/// The right side of a product in training: a matrix rounded to `bf16` whose columns stand in panels, pairs along the sum.
struct NarrowPanels {
    /// The columns of the matrix.
    let columns: Int
    /// The pairs that a column has.
    let pairs: Int
    let pointer: UnsafePointer<UInt32>
    let memory: Tensor

    /// Room for panels, in the memory of a tensor.
    init(columns: Int, pairs: Int, on tape: Tape, fill: (UnsafeMutablePointer<UInt32>) -> Void) {
        let panels = (columns + Int(CK_PANEL_WIDTH) - 1) / Int(CK_PANEL_WIDTH)
        (self.columns, self.pairs) = (columns, pairs)
        memory = tape.make(panels, pairs * Int(CK_PANEL_WIDTH))
        let base = UnsafeMutableRawPointer(memory.pointer).assumingMemoryBound(to: UInt32.self)
        fill(base)
        pointer = UnsafePointer(base)
    }

    /// The words of a panel.
    var panel: Int { pairs * Int(CK_PANEL_WIDTH) }
}

/// The left side of a product in training: rows of pairs, wherever they stand.
struct NarrowRows {
    let rows: Int
    let pointer: UnsafePointer<UInt32>
    /// The distances, in words, of 32 rows, of a row within them, and of a pair.
    let (group, row, pair): (Int, Int, Int)
    // What the pointer points into.
    private let memory: Tensor?

    init(_ matrix: NarrowMatrix) {
        rows = matrix.rows
        pointer = UnsafeRawPointer(matrix.pointer).assumingMemoryBound(to: UInt32.self)
        (group, row, pair) = (Int(CK_PANEL_WIDTH) * matrix.stride / 2, matrix.stride / 2, 1)
        memory = matrix.memory
    }

    /// The columns of `panels` as rows.
    init(_ panels: NarrowPanels) {
        rows = panels.columns
        pointer = panels.pointer
        (group, row, pair) = (panels.panel, 1, Int(CK_PANEL_WIDTH))
        memory = panels.memory
    }
}

/// Products of `bf16` with `bf16` in training: rounded on both sides, forward and backward, with 32-bit sums.
extension Tape {
    /// Panels of a matrix `[t, c]` that are summed over t.
    func panelsOfColumns(_ x: UnsafePointer<Float>, _ t: Int, _ c: Int) -> NarrowPanels {
        NarrowPanels(columns: c, pairs: (t + 1) / 2, on: self) { target in
            let width = Int(CK_PANEL_WIDTH)
            let panel = (t + 1) / 2 * width
            // A few rows at a time: what they bring from memory is used before it has gone again.
            let block = 32
            workspace.parallel((t + block - 1) / block, cost: 0.1 * Double(c * block), op: "narrow") { blocks in
                for row in blocks.lazy.map({ $0 * block }) {
                    kernels.table.panels_of_columns(
                        target + row / 2 * width, panel, x + row * c, c, min(block, t - row), c)
                }
            }
        }
    }

    func panelsOfColumns(_ x: Tensor) -> NarrowPanels { panelsOfColumns(UnsafePointer(x.pointer), x.rows, x.width) }

    /// The rows of `x`, and panels of it that are summed over them; it is read from memory once for both.
    func narrowedBothWays(_ x: Tensor) -> (rows: NarrowMatrix, panels: NarrowPanels) {
        let (block, width) = (32, Int(CK_PANEL_WIDTH))
        let panel = (x.rows + 1) / 2 * width
        var rows: NarrowMatrix?
        let panels = NarrowPanels(columns: x.width, pairs: (x.rows + 1) / 2, on: self) { target in
            rows = NarrowMatrix(x.rows, x.width, on: self) { straight, stride in
                workspace.parallel(
                    (x.rows + block - 1) / block, cost: 0.2 * Double(x.width * block), op: "narrow"
                ) { blocks in
                    for row in blocks.lazy.map({ $0 * block }) {
                        let count = min(block, x.rows - row)
                        narrow(x, row..<row + count, to: straight, stride)
                        kernels.table.panels_of_columns(
                            target + row / 2 * width, panel, x.row(row), x.width, count, x.width)
                    }
                }
            }
        }
        guard let rows else { preconditionFailure("room for panels is filled at once") }
        return (rows, panels)
    }

    /// Panels of the transpose of a matrix `[n, k]`, which are summed over k.
    func panelsOfRows(_ w: UnsafePointer<Float>, _ n: Int, _ k: Int) -> NarrowPanels {
        NarrowPanels(columns: n, pairs: (k + 1) / 2, on: self) { target in
            let width = Int(CK_PANEL_WIDTH)
            let panel = (k + 1) / 2 * width
            workspace.parallel((n + width - 1) / width, cost: 0.1 * Double(k * width), op: "narrow") { part in
                let first = part.lowerBound * width
                kernels.table.panels_of_rows(
                    target + part.lowerBound * panel, w + first * k, k, min(part.upperBound * width, n) - first, k)
            }
        }
    }

    /// c[i, j] = Σ_q a(i, q) · b(q, j), added to what is in `c` if `accumulating`.
    func panelProduct(_ c: Tensor, _ a: NarrowRows, _ b: NarrowPanels, accumulating: Bool = false) {
        // What a tile reads stays in the second-level cache: 96 rows and 64 columns of 512 pairs are 320 KB. Both are whole
        // numbers of panels. Processors with tiles lay the rows out anew for each block, and have caches for larger ones.
        let (rowBlock, columnBlock, depth) = (96, kernels.hasTiles ? 256 : 64, 512)
        let (rows, columns, pairs) = (a.rows, b.columns, b.pairs)
        let rowBlocks = (rows + rowBlock - 1) / rowBlock
        let columnBlocks = (columns + columnBlock - 1) / columnBlock
        workspace.parallel(
            rowBlocks * columnBlocks, cost: Double(min(rows, rowBlock) * columnBlock * pairs) / 50, op: "linear"
        ) { tiles in
            for tile in tiles {
                let (columnTile, rowTile) = tile.quotientAndRemainder(dividingBy: rowBlocks)
                let (row, column) = (rowTile * rowBlock, columnTile * columnBlock)
                let left = a.pointer + row / Int(CK_PANEL_WIDTH) * a.group
                let right = b.pointer + column / Int(CK_PANEL_WIDTH) * b.panel
                for start in stride(from: 0, to: max(pairs, 1), by: depth) {
                    kernels.table.matmul_panels(
                        c.pointer + row * columns + column, columns, left + start * a.pair, a.group, a.row, a.pair,
                        right + start * Int(CK_PANEL_WIDTH), b.panel, min(rowBlock, rows - row),
                        min(columnBlock, columns - column), min(depth, pairs - start),
                        accumulating || start > 0 ? 1 : 0)
                }
            }
        }
        withExtendedLifetime((a, b)) {}
    }

    /// y = x · Wᵀ in training.
    /// - Parameter isTransposed: Whether the weight is stored as `[in, out]`, as low-rank factors are.
    func narrowLinear(_ x: Tensor, _ weight: Parameter, _ weights: NarrowWeights, isTransposed: Bool = false) -> Tensor
    {
        let y = make(x.rows, isTransposed ? weight.inputs : weight.outputs)
        let w = weights.panels(weight, along: isTransposed ? .columns : .rows, on: self)
        panelProduct(y, NarrowRows(narrowed(x)), w)
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let dw = gradients.wanted(weight)
            let both = dw == nil ? nil : tape.narrowedBothWays(dy)
            // dx[t, k] = Σ_n dy[t, n] · W[n, k]
            let dx = tape.make(x.shape)
            let w = weights.panels(weight, along: isTransposed ? .rows : .columns, on: tape)
            tape.panelProduct(dx, NarrowRows(both?.rows ?? tape.narrowed(dy)), w)
            tape.contribute(dx, to: x)
            // dW[n, k] += Σ_t dy[t, n] · x[t, k]
            guard let dw, let outputs = both?.panels else { return }
            let inputs = tape.panelsOfColumns(x)
            tape.panelProduct(
                dw, NarrowRows(isTransposed ? inputs : outputs), isTransposed ? outputs : inputs, accumulating: true)
        })
        return y
    }
}
