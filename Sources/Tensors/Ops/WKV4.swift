internal import CKernels

extension Tape {
    /// RWKV-4's weighted average of values, with weights that decay with distance.
    ///
    ///     wkv[t] = (Σ_{i<t} e^{(t−1−i)w + k[i]} v[i] + e^{u + k[t]} v[t]) / (Σ_{i<t} e^{(t−1−i)w + k[i]} + e^{u + k[t]})
    ///
    /// with w = −e^decay and u = first. The two sums (the article's num and den) are carried from row to row as a, b with
    /// a common exponent p, the running maximum, so that no exponential overflows whatever the keys.
    /// Peng et al. 2023, "RWKV: Reinventing RNNs for the Transformer Era", section 3 and appendix D.
    /// - Parameters:
    ///   - k: Keys `[rows, C]`.
    ///   - v: Values `[rows, C]`.
    ///   - decay: `time_decay` `[C]`.
    ///   - first: `time_first` `[C]`, the bonus of the present token.
    ///   - state: a, b and p, each `[C]` per sequence; moved on past the rows.
    /// - Returns: `[rows, C]`.
    /// - Complexity: O(rows·C).
    public func wkv4(
        _ k: Tensor, _ v: Tensor, decay: Parameter, first: Parameter,
        state: (a: StateSlot, b: StateSlot, p: StateSlot), _ layout: SequenceLayout
    ) -> Tensor {
        let width = k.width
        let y = make(k.shape)
        // Only the backward pass needs what the state was before.
        let start =
            isRecording
            ? (a: firstRows(state.a, width), b: firstRows(state.b, width), p: firstRows(state.p, width)) : nil
        let table = kernels.table
        for (sequence, run) in layout.runs.enumerated() {
            let (a, b, p) = (state.a.pointers[sequence], state.b.pointers[sequence], state.p.pointers[sequence])
            workspace.parallel(width, cost: Double(run.count) * 6, multiple: 16) { columns in
                let c = columns.lowerBound
                let at = run.lowerBound * width + c
                table.wkv4(
                    y.pointer + at, k.pointer + at, v.pointer + at, decay.floats + c, first.floats + c, a + c, b + c,
                    p + c, width, run.count, columns.count)
            }
        }
        if let start {
            record({ tape, gradients in
                guard let dy = y.gradient else { return }
                let dk = tape.make(k.shape)
                let dv = tape.make(v.shape)
                let (ddecay, dfirst) = (gradients[decay], gradients[first])
                tape.workspace.parallel(width, cost: Double(k.rows) * 15, multiple: 16) { columns in
                    let c = columns.lowerBound
                    for (sequence, run) in layout.runs.enumerated() {
                        let at = run.lowerBound * width + c
                        tape.kernels.table.wkv4_backward(
                            dk.pointer + at, dv.pointer + at, ddecay.pointer + c, dfirst.pointer + c, dy.pointer + at,
                            y.pointer + at, k.pointer + at, v.pointer + at, decay.floats + c, first.floats + c,
                            start.a.row(sequence) + c, start.b.row(sequence) + c, start.p.row(sequence) + c, width,
                            run.count, columns.count)
                    }
                }
                tape.contribute(dk, to: k)
                tape.contribute(dv, to: v)
            })
        }
        return y
    }
}
