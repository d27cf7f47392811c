internal import CKernels

extension Tape {
    /// How far each row is from the row before it.
    ///
    ///     dz[t] = x[t−1] − x[t]
    ///
    /// x[−1] is the sequence's last row of the previous call, kept in `previous`; `keepLastRows` moves it on.
    /// - Parameters:
    ///   - x: `[rows, C]`, the rows of all sequences.
    ///   - previous: `[C]` per sequence.
    /// - Returns: `[rows, C]`, to be used by `lerp`.
    public func shiftDifference(_ x: Tensor, previous: StateSlot, _ layout: SequenceLayout) -> Tensor {
        let width = x.width
        let dz = make(x.shape)
        for (sequence, run) in layout.runs.enumerated() {
            workspace.parallel(run.count, cost: Double(width) * 0.3) { part in
                let row = run.lowerBound + part.lowerBound
                let before =
                    part.lowerBound == 0 ? UnsafePointer(previous.pointers[sequence]) : UnsafePointer(x.row(row - 1))
                kernels.table.shift_difference(dz.row(row), x.row(row), before, part.count, width)
            }
        }
        record({ tape, _ in
            guard let ddz = dz.gradient else { return }
            let dx = tape.make(x.shape)
            for run in layout.runs {
                tape.workspace.parallel(run.count, cost: Double(width) * 0.3) { part in
                    let row = run.lowerBound + part.lowerBound
                    tape.kernels.table.shift_difference_backward(
                        dx.row(row), ddz.row(row), part.count, width, part.upperBound < run.count ? 1 : 0)
                }
            }
            tape.contribute(dx, to: x)
        })
        return dz
    }

    /// Rows moved towards the rows before them, once for each mix.
    ///
    ///     y_j[t] = x[t] + dz[t] ⊙ (mix_j + plus_j[t])
    ///
    /// RWKV-7's mixes are vectors; RWKV-6 adds a part that depends on the token (ddlerp in Peng et al. 2024,
    /// arXiv:2404.05892, section 4.1). All mixes are one op, so that their gradients are summed while they are near.
    /// - Parameters:
    ///   - x: `[T, C]`.
    ///   - dz: `[T, C]`, from `shiftDifference`.
    ///   - mixes: Weights of the row before, `[C]` each.
    ///   - plus: What is added to each mix, `[T, C]`; nothing if `nil`.
    /// - Returns: `[T, C]` for each mix.
    public func lerp(_ x: Tensor, _ dz: Tensor, _ mixes: [Parameter], plus: [Tensor]? = nil) -> [Tensor] {
        precondition(plus == nil || plus?.count == mixes.count, "each mix is given a part of its own, or none is")
        let width = x.width
        let outputs = mixes.map { _ in make(x.shape) }
        workspace.parallel(x.rows, cost: Double(width * mixes.count) * 0.3) { rows in
            let t = rows.lowerBound
            for j in mixes.indices {
                kernels.table.lerp(
                    outputs[j].row(t), x.row(t), dz.row(t), mixes[j].floats, plus?[j].row(t), rows.count, width)
            }
        }
        record({ tape, gradients in
            let used = mixes.indices.compactMap { j in
                outputs[j].gradient.map { (dy: $0, mix: mixes[j], plus: plus?[j]) }
            }
            if used.isEmpty { return }
            let table = tape.kernels.table
            let dx = tape.make(x.shape)
            let ddz = tape.make(x.shape)
            let dplus = used.map { $0.plus.map { tape.make($0.shape) } }
            tape.workspace.parallel(x.rows, cost: Double(width * used.count) * 0.5) { rows in
                // A few rows at a time, so that their sums stay in the cache from one mix to the next.
                for t in stride(from: rows.lowerBound, to: rows.upperBound, by: 4) {
                    let count = min(4, rows.upperBound - t)
                    dx.row(t).update(repeating: 0, count: count * width)
                    ddz.row(t).update(repeating: 0, count: count * width)
                    for (j, (dy, mix, plus)) in used.enumerated() {
                        table.lerp_backward(
                            dx.row(t), ddz.row(t), dplus[j]?.row(t), dy.row(t), dz.row(t), mix.floats, plus?.row(t),
                            count, width)
                    }
                }
            }
            tape.workspace.parallel(width, cost: Double(x.rows * used.count) * 0.3, multiple: 16) { columns in
                let c = columns.lowerBound
                for (dy, mix, _) in used {
                    table.column_dot(
                        gradients[mix].pointer + c, dy.pointer + c, dz.pointer + c, width, x.rows, columns.count)
                }
            }
            for (j, (_, _, plus)) in used.enumerated() {
                if let plus, let gradient = dplus[j] { tape.contribute(gradient, to: plus) }
            }
            tape.contribute(dx, to: x)
            tape.contribute(ddz, to: dz)
        })
        return outputs
    }

    /// Rows moved towards the rows before them: see the op over several mixes.
    public func lerp(_ x: Tensor, _ dz: Tensor, _ mix: Parameter) -> Tensor { lerp(x, dz, [mix])[0] }
}
