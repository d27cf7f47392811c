internal import CKernels

extension Tape {
    /// What each head of RWKV-5 or 6 reads from its matrix of keys and values, whose rows decay with time.
    ///
    ///     y[t, j] = Σ_i r[t, i] (S[i, j] + u[i] k[t, i] v[t, j])
    ///     S[i, j] = d[t, i] S[i, j] + k[t, i] v[t, j]
    ///
    /// per head, with S `[K, V]` zero before the first token. RWKV-5's decay is one row, the same for all tokens.
    /// Peng et al. 2024, "Eagle and Finch" (arXiv:2404.05892), sections 3 and 4.
    /// - Parameters:
    ///   - r, k, v: Receptance, keys and values `[rows, H·N]`.
    ///   - decay: d, between 0 and 1, `[rows, H·N]` or `[1, H·N]`.
    ///   - bonus: u, of the present token, `[1, H·N]`.
    ///   - firstState: Where the state came from, `[H, V, K]`, if that is to learn.
    ///   - state: S of every head, `[H, K, V]` per sequence; moved on past the rows.
    /// - Returns: `[rows, H·N]`.
    /// - Complexity: O(rows·H·N²); when recording, keeps a state for every 16 rows.
    public func wkv6(
        _ r: Tensor, _ k: Tensor, _ v: Tensor, decay: Tensor, bonus: Tensor, state: StateSlot,
        firstState: Parameter? = nil,
        headSize n: Int, _ layout: SequenceLayout
    ) -> Tensor {
        let width = r.width
        let heads = width / n
        precondition(
            decay.width == width && bonus.count == width,
            "decay \(decay.shape) and bonus \(bonus.shape) fit r \(r.shape)")
        // A single row of several is shared by all; with one row there is nothing to tell apart.
        let decayStride = decay.rows == 1 ? 0 : width
        let y = make(r.shape)
        let states = isRecording ? MatrixStates(self, headSize: n, headCount: heads, layout) : nil
        let table = kernels.table
        workspace.parallelHeads(layout, headCount: heads, cost: Double(n * n) / 4) { sequence, head in
            let s = state.pointers[sequence] + head * n * n
            func run(_ rows: Range<Int>) {
                let at = rows.lowerBound * width + head * n
                table.wkv6(
                    y.pointer + at, r.pointer + at, k.pointer + at, v.pointer + at,
                    decay.pointer + rows.lowerBound * decayStride + head * n, bonus.pointer + head * n, s, width,
                    decayStride, rows.count, n)
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
            let (dr, dk, dv) = (tape.make(r.shape), tape.make(k.shape), tape.make(v.shape))
            let ddecay = tape.make(decay.shape)
            ddecay.mutableValues.update(repeating: 0)
            // Every sequence sums its own, and the sums are added in order.
            let sequences = layout.runs.count
            let sharedDecay = tape.make(sequences, width)
            let dbonus = tape.make(sequences, width)
            sharedDecay.mutableValues.update(repeating: 0)
            dbonus.mutableValues.update(repeating: 0)
            let table = tape.kernels.table
            tape.workspace.parallelHeads(layout, headCount: heads, cost: Double(n * n)) { sequence, head in
                let column = head * n
                states.walkBack(sequence, head: head) { row, state, unused in
                    let at = row * width + column
                    table.wkv6(
                        unused, r.pointer + at, k.pointer + at, v.pointer + at,
                        decay.pointer + row * decayStride + column, bonus.pointer + column, state, width, decayStride,
                        1,
                        n)
                } body: { rows, before, adjoint in
                    let at = rows.lowerBound * width + column
                    let dd = decayStride == 0 ? sharedDecay.row(sequence) : ddecay.row(rows.lowerBound)
                    table.wkv6_backward(
                        dr.pointer + at, dk.pointer + at, dv.pointer + at, dd + column, dbonus.row(sequence) + column,
                        adjoint, dy.pointer + at, r.pointer + at, k.pointer + at, v.pointer + at,
                        decay.pointer + rows.lowerBound * decayStride + column, bonus.pointer + column, before, width,
                        decayStride, rows.count, n)
                } first: { adjoint in
                    learning?.keep(adjoint, sequence, head)
                }
            }
            learning?.add(to: gradients, isTransposed: true)
            let total = tape.make(bonus.shape)
            total.mutableValues.update(repeating: 0)
            table.column_sum(total.pointer, dbonus.pointer, width, sequences, width)
            if decayStride == 0 { table.column_sum(ddecay.pointer, sharedDecay.pointer, width, sequences, width) }
            tape.contribute(dr, to: r)
            tape.contribute(dk, to: k)
            tape.contribute(dv, to: v)
            tape.contribute(ddecay, to: decay)
            tape.contribute(total, to: bonus)
        })
        return y
    }
}
