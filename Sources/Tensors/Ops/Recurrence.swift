internal import CKernels

/// The rows of a ragged batch in order of time: at each step one row of every sequence that is still going on.
private struct TimeSteps {
    /// The rows of each step, in order of sequences.
    let rows: [[Int]]
    /// The sequences of each step.
    let sequences: [[Int]]

    init(_ layout: SequenceLayout) {
        let longest = layout.runs.map(\.count).max() ?? 0
        var rows = [[Int]](repeating: [], count: longest)
        var sequences = rows
        for (sequence, run) in layout.runs.enumerated() {
            for (step, row) in run.enumerated() {
                rows[step].append(row)
                sequences[step].append(sequence)
            }
        }
        self.rows = rows
        self.sequences = sequences
    }
}

/// The product with a recurrent matrix at one time step after the other: prepared once, with the numbers that the tape
/// multiplies.
private struct StepProducts {
    let weight: Parameter
    let tape: Tape
    private let forward, backward: NarrowPanels?

    init(_ weight: Parameter, on tape: Tape, forward needsForward: Bool, backward needsBackward: Bool) {
        self.weight = weight
        self.tape = tape
        forward = needsForward ? tape.narrowWeights?.panels(weight, along: .rows, on: tape) : nil
        backward = needsBackward ? tape.narrowWeights?.panels(weight, along: .columns, on: tape) : nil
    }

    /// y = x · Wᵀ
    func forward(_ y: Tensor, _ x: Tensor) {
        guard let forward else { return tape.linearForward(y, x, weight) }
        tape.panelProduct(y, NarrowRows(tape.narrowed(x)), forward)
    }

    /// dx = dy · W
    func backward(_ dx: Tensor, _ dy: Tensor) {
        guard let backward else { return tape.linearInputBackward(dx, dy, weight) }
        tape.panelProduct(dx, NarrowRows(tape.narrowed(dy)), backward)
    }

    /// dW += Σ_t dyᵀ · x, of all steps at once
    func weightBackward(_ dw: Tensor, _ dy: Tensor, _ x: Tensor) {
        guard tape.narrowWeights != nil else { return tape.linearWeightBackward(dw, dy, x) }
        tape.panelProduct(
            dw, NarrowRows(tape.panelsOfColumns(dy)), tape.panelsOfColumns(x), accumulating: true)
    }
}

extension Tape {
    /// An Elman network's rows, each from its input and the row before it.
    ///
    ///     h[t] = tanh(x[t] + W · h[t−1])
    ///
    /// Elman 1990; PyTorch's `nn.RNN`, whose input matrix and biases are already in x. At each time step the sequences go
    /// through one product together.
    /// - Parameters:
    ///   - x: Inputs `[rows, C]`.
    ///   - weight: W `[C, C]`, which takes no low-rank change.
    ///   - state: h `[C]` per sequence; moved on past the rows.
    /// - Returns: `[rows, C]`.
    /// - Complexity: O(rows·C²), in as many steps as the longest sequence has rows.
    public func elman(_ x: Tensor, _ weight: Parameter, state: StateSlot, _ layout: SequenceLayout) -> Tensor {
        let width = x.width
        let h = make(x.shape)
        let steps = TimeSteps(layout)
        let start = isRecording ? firstRows(state, width) : nil
        let products = StepProducts(weight, on: self, forward: true, backward: false)
        for (rows, sequences) in zip(steps.rows, steps.sequences) {
            let before = gather(sequences.map { UnsafePointer(state.pointers[$0]) }, width)
            onLinear?(weight, before)
            let r = make(rows.count, width)
            products.forward(r, before)
            workspace.parallel(width, cost: Double(rows.count) * 1.3, multiple: 16) { columns in
                let c = columns.lowerBound
                for (index, row) in rows.enumerated() {
                    let y = h.row(row) + c
                    kernels.table.add(y, x.row(row) + c, r.row(index) + c, columns.count)
                    kernels.table.tanh(y, y, columns.count)
                    (state.pointers[sequences[index]] + c).update(from: y, count: columns.count)
                }
            }
        }
        guard let start else { return h }
        record({ tape, gradients in
            guard let dh = h.gradient else { return }
            let dx = tape.make(x.shape)
            let carried = Carried(steps, width, tape)
            let products = StepProducts(weight, on: tape, forward: false, backward: true)
            for (rows, sequences) in zip(steps.rows, steps.sequences).reversed() {
                // What the row gives to its own output and to the row after it.
                let total = tape.gather(rows.map { UnsafePointer(dh.row($0)) }, width)
                let d = tape.make(total.shape)
                tape.workspace.parallel(width, cost: Double(rows.count), multiple: 16) { columns in
                    let (c, n) = (columns.lowerBound, columns.count)
                    for (index, row) in rows.enumerated() {
                        let sum = total.row(index) + c
                        tape.kernels.table.add(sum, sum, carried.tensor.row(sequences[index]) + c, n)
                        tape.kernels.table.tanh_backward(d.row(index) + c, sum, h.row(row) + c, n)
                        (dx.row(row) + c).update(from: d.row(index) + c, count: n)
                    }
                }
                carried.take(sequences) { products.backward($0, d) }
            }
            if let dw = gradients.wanted(weight) {
                products.weightBackward(dw, dx, tape.shifted(h, start, layout))
            }
            tape.contribute(dx, to: x)
        })
        return h
    }

    /// An LSTM's rows, each from its input and the row before it.
    ///
    ///     i, f, o = σ(x[t] + W · h[t−1]);  g = tanh(x[t] + W · h[t−1])
    ///     c[t] = f ⊙ c[t−1] + i ⊙ g;  h[t] = o ⊙ tanh(c[t])
    ///
    /// Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000; PyTorch's `nn.LSTM`, whose input matrix
    /// and biases are already in x.
    /// - Parameters:
    ///   - x: Inputs `[rows, 4·C]`, in the order i f g o.
    ///   - weight: W `[4·C, C]`, which takes no low-rank change.
    ///   - hidden: h `[C]` per sequence; moved on past the rows.
    ///   - cell: c `[C]` per sequence; moved on past the rows.
    /// - Returns: `[rows, C]`.
    /// - Complexity: O(rows·C²), in as many steps as the longest sequence has rows; keeps 5·C floats per row for the
    ///   backward pass.
    public func lstm(
        _ x: Tensor, _ weight: Parameter, hidden: StateSlot, cell: StateSlot, _ layout: SequenceLayout
    ) -> Tensor {
        let width = x.width / 4
        let h = make(x.rows, width)
        let cells = make(x.rows, width)
        let gates = make(x.shape)
        let steps = TimeSteps(layout)
        let start = isRecording ? (h: firstRows(hidden, width), c: firstRows(cell, width)) : nil
        let products = StepProducts(weight, on: self, forward: true, backward: false)
        for (rows, sequences) in zip(steps.rows, steps.sequences) {
            let before = gather(sequences.map { UnsafePointer(hidden.pointers[$0]) }, width)
            onLinear?(weight, before)
            let r = make(rows.count, 4 * width)
            products.forward(r, before)
            workspace.parallel(width, cost: Double(rows.count) * 6, multiple: 16) { columns in
                let (c, n) = (columns.lowerBound, columns.count)
                for (index, row) in rows.enumerated() {
                    let (h0, c0) = (hidden.pointers[sequences[index]] + c, cell.pointers[sequences[index]] + c)
                    kernels.table.lstm_cell(
                        h.row(row) + c, cells.row(row) + c, gates.row(row) + c, x.row(row) + c, r.row(index) + c, c0,
                        width, n)
                    h0.update(from: h.row(row) + c, count: n)
                    c0.update(from: cells.row(row) + c, count: n)
                }
            }
        }
        guard let start else { return h }
        record({ tape, gradients in
            guard let dh = h.gradient else { return }
            let dx = tape.make(x.shape)
            let carried = Carried(steps, width, tape)
            let dc = Carried(steps, width, tape).tensor
            let products = StepProducts(weight, on: tape, forward: false, backward: true)
            for (rows, sequences) in zip(steps.rows, steps.sequences).reversed() {
                let total = tape.gather(rows.map { UnsafePointer(dh.row($0)) }, width)
                let d = tape.make(rows.count, 4 * width)
                tape.workspace.parallel(width, cost: Double(rows.count) * 4, multiple: 16) { columns in
                    let (c, n) = (columns.lowerBound, columns.count)
                    for (index, row) in rows.enumerated() {
                        let sequence = sequences[index]
                        let sum = total.row(index) + c
                        tape.kernels.table.add(sum, sum, carried.tensor.row(sequence) + c, n)
                        let isFirst = row == layout.runs[sequence].lowerBound
                        let before = isFirst ? start.c.row(sequence) : cells.row(row - 1)
                        tape.kernels.table.lstm_cell_backward(
                            d.row(index) + c, dc.row(sequence) + c, sum, gates.row(row) + c, cells.row(row) + c,
                            before + c, width, n)
                        for gate in 0..<4 {
                            (dx.row(row) + gate * width + c).update(from: d.row(index) + gate * width + c, count: n)
                        }
                    }
                }
                carried.take(sequences) { products.backward($0, d) }
            }
            if let dw = gradients.wanted(weight) {
                products.weightBackward(dw, dx, tape.shifted(h, start.h, layout))
            }
            tape.contribute(dx, to: x)
        })
        return h
    }

    /// Rows from several places, one below the other.
    private func gather(_ pointers: [UnsafePointer<Float>], _ width: Int) -> Tensor {
        let rows = make(pointers.count, width)
        for (index, pointer) in pointers.enumerated() { rows.row(index).update(from: pointer, count: width) }
        return rows
    }

    /// Of each row the one before it; of each sequence's first, its row of `start`.
    private func shifted(_ h: Tensor, _ start: Tensor, _ layout: SequenceLayout) -> Tensor {
        let y = make(h.shape)
        for (sequence, run) in layout.runs.enumerated() {
            y.row(run.lowerBound).update(from: start.row(sequence), count: h.width)
            y.row(run.lowerBound + 1).update(from: h.row(run.lowerBound), count: (run.count - 1) * h.width)
        }
        return y
    }
}

/// What the rows of a time step give back to the rows before them, by sequence: nothing where a sequence has ended.
private struct Carried {
    /// `[sequences, width]`
    let tensor: Tensor
    private let tape: Tape

    init(_ steps: TimeSteps, _ width: Int, _ tape: Tape) {
        self.tape = tape
        tensor = tape.make(steps.sequences.first?.count ?? 0, width)
        tensor.mutableValues.update(repeating: 0)
    }

    /// Takes for each of these sequences a row of what `fill` writes.
    func take(_ sequences: [Int], _ fill: (Tensor) -> Void) {
        let rows = tape.make(sequences.count, tensor.width)
        fill(rows)
        for (index, sequence) in sequences.enumerated() {
            tensor.row(sequence).update(from: rows.row(index), count: tensor.width)
        }
    }
}
