internal import CKernels

extension Tape {
    /// Mixes each row with the row before it.
    ///
    ///     y[t] = x[t] ⊙ mix + x[t−1] ⊙ (1 − mix)
    ///
    /// x[−1] is the sequence's last row of the previous call, kept in `previous`. The slot itself is left alone, because
    /// several mixes share it: `keepLastRows` moves it on.
    /// - Parameters:
    ///   - x: `[rows, C]`, the rows of all sequences.
    ///   - mix: `[C]`, RWKV-4's and RWKV-5's weight of the present row.
    ///   - previous: `[C]` per sequence.
    /// - Returns: `[rows, C]`.
    public func tokenShift(_ x: Tensor, mix: Parameter, previous: StateSlot, _ layout: SequenceLayout) -> Tensor {
        let width = x.width
        let y = make(x.shape)
        let starts = firstRows(previous, width)
        let table = kernels.table
        for (sequence, run) in layout.runs.enumerated() {
            workspace.parallel(run.count, cost: Double(width) * 0.3) { part in
                let row = run.lowerBound + part.lowerBound
                let before = part.lowerBound == 0 ? starts.row(sequence) : x.row(row - 1)
                table.token_shift(y.row(row), x.row(row), before, mix.floats, part.count, width)
            }
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let dx = tape.make(x.shape)
            let dmix = gradients[mix]
            for run in layout.runs {
                tape.workspace.parallel(run.count, cost: Double(width) * 0.3) { part in
                    let row = run.lowerBound + part.lowerBound
                    table.token_shift_backward(
                        dx.row(row), dy.row(row), mix.floats, part.count, width, part.upperBound < run.count ? 1 : 0)
                }
            }
            tape.workspace.parallel(width, cost: Double(x.rows) * 0.3, multiple: 16) { columns in
                let c = columns.lowerBound
                for (sequence, run) in layout.runs.enumerated() {
                    table.token_shift_mix_gradient(
                        dmix.pointer + c, dy.row(run.lowerBound) + c, x.row(run.lowerBound) + c,
                        starts.row(sequence) + c, width, run.count, columns.count)
                }
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// Puts each sequence's last row of `x` into its slot, for the next call's token shift.
    public func keepLastRows(of x: Tensor, in slot: StateSlot, _ layout: SequenceLayout) {
        for (pointer, run) in zip(slot.pointers, layout.runs) {
            pointer.update(from: x.row(run.upperBound - 1), count: x.width)
        }
    }

    /// A copy of a slot, `[sequences, width]`: the backward pass needs what the forward pass began with.
    func firstRows(_ slot: StateSlot, _ width: Int) -> Tensor {
        let copy = make(slot.pointers.count, width)
        for (sequence, pointer) in slot.pointers.enumerated() {
            copy.row(sequence).update(from: pointer, count: width)
        }
        return copy
    }
}
