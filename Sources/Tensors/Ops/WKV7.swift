internal import CKernels

extension Tape {
    /// What each head of RWKV-7 reads from its matrix of values by keys, which a delta rule rewrites at every token.
    ///
    ///     S = S · diag(d[t]) − (S · κ[t]) (a[t] ⊙ κ[t])ᵀ + v[t] k[t]ᵀ
    ///     y[t] = S · r[t]
    ///
    /// per head, with S `[V, K]` zero before the first token. S·κ is what the state holds for the removal key κ; the part a
    /// of it is taken out, and v is written at the replacement key k.
    /// Peng et al. 2025, "RWKV-7 Goose" (arXiv:2503.14456), section 4.
    /// - Parameters:
    ///   - r: Receptance `[rows, H·N]`.
    ///   - decay: d `[rows, H·N]`, from `boundedDecay`.
    ///   - k: Replacement keys `[rows, H·N]`.
    ///   - v: Values `[rows, H·N]`.
    ///   - removalKey: κ `[rows, H·N]`, each head a unit vector.
    ///   - a: In-context learning rates `[rows, H·N]`, between 0 and 1.
    ///   - firstState: Where the state came from, `[H, V, K]`, if that is to learn.
    ///   - state: S of every head, `[H, V, K]` per sequence; moved on past the rows.
    /// - Returns: `[rows, H·N]`.
    /// - Complexity: O(rows·H·N²); when recording, keeps a state for every 16 rows.
    public func wkv7(
        _ r: Tensor, decay: Tensor, _ k: Tensor, _ v: Tensor, removalKey: Tensor, _ a: Tensor, state: StateSlot,
        firstState: Parameter? = nil,
        headSize n: Int, _ layout: SequenceLayout
    ) -> Tensor {
        let width = r.width
        let heads = width / n
        precondition(n <= CK_HEAD_LIMIT, "heads have \(n) channels; at most \(CK_HEAD_LIMIT) are allowed")
        let y = make(r.shape)
        let states = isRecording ? MatrixStates(self, headSize: n, headCount: heads, layout) : nil
        let table = kernels.table
        workspace.parallelHeads(layout, headCount: heads, cost: Double(n * n) / 3) { sequence, head in
            let s = state.pointers[sequence] + head * n * n
            func run(_ rows: Range<Int>) {
                let at = rows.lowerBound * width + head * n
                table.wkv7(
                    y.pointer + at, r.pointer + at, decay.pointer + at, k.pointer + at, v.pointer + at,
                    removalKey.pointer + at, a.pointer + at, s, width, rows.count, n)
            }
            guard let states else { return run(layout.runs[sequence]) }
            for (rows, kept) in states.chunks(sequence, head: head) {
                kept.update(from: s, count: n * n)
                run(rows)
            }
        }
        guard let states else { return y }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let learning = FirstStateGradient(tape, firstState, layout)
            let (dr, dd, dk) = (tape.make(r.shape), tape.make(r.shape), tape.make(r.shape))
            let (dv, dremoval, da) = (tape.make(r.shape), tape.make(r.shape), tape.make(r.shape))
            let table = tape.kernels.table
            tape.workspace.parallelHeads(layout, headCount: heads, cost: Double(n * n)) { sequence, head in
                states.walkBack(sequence, head: head) { rows, before, adjoint in
                    let at = rows.lowerBound * width + head * n
                    table.wkv7_backward(
                        dr.pointer + at, dd.pointer + at, dk.pointer + at, dv.pointer + at, dremoval.pointer + at,
                        da.pointer + at, adjoint, dy.pointer + at, r.pointer + at, decay.pointer + at, k.pointer + at,
                        v.pointer + at, removalKey.pointer + at, a.pointer + at, before, width, rows.count, n)
                } first: { adjoint in
                    learning?.keep(adjoint, sequence, head)
                }
            }
            learning?.add(to: gradients, isTransposed: false)
            tape.contribute(dr, to: r)
            tape.contribute(dd, to: decay)
            tape.contribute(dk, to: k)
            tape.contribute(dv, to: v)
            tape.contribute(dremoval, to: removalKey)
            tape.contribute(da, to: a)
        })
        return y
    }
}
