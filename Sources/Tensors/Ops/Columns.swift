internal import CKernels

extension Tape {
    /// Every row times a vector: `y[t] = x[t] ⊙ scale`.
    public func scale(_ x: Tensor, by scale: Parameter) -> Tensor {
        let width = x.width
        precondition(scale.count == width, "“\(scale.name)” is \(scale.shape), its input is \(x.shape)")
        let y = make(x.shape)
        workspace.parallel(x.rows, cost: Double(width) * 0.2) { rows in
            let t = rows.lowerBound
            kernels.table.scale_columns(y.row(t), x.row(t), scale.floats, rows.count, width)
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.rows, cost: Double(width) * 0.2) { rows in
                let t = rows.lowerBound
                tape.kernels.table.scale_columns(dx.row(t), dy.row(t), scale.floats, rows.count, width)
            }
            let sum = gradients[scale]
            tape.workspace.parallel(width, cost: Double(x.rows) * 0.2, multiple: 16) { columns in
                let c = columns.lowerBound
                tape.kernels.table.column_dot(
                    sum.pointer + c, dy.pointer + c, x.pointer + c, width, x.rows, columns.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }

    /// Every row plus a vector: `y[t] = x[t] + bias`.
    public func add(_ x: Tensor, bias: Parameter) -> Tensor {
        let width = x.width
        precondition(bias.count == width, "“\(bias.name)” is \(bias.shape), its input is \(x.shape)")
        let y = make(x.shape)
        workspace.parallel(x.rows, cost: Double(width) * 0.2) { rows in
            let t = rows.lowerBound
            kernels.table.add_columns(y.row(t), x.row(t), bias.floats, rows.count, width)
        }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let sum = gradients[bias]
            tape.workspace.parallel(width, cost: Double(x.rows) * 0.2, multiple: 16) { columns in
                let c = columns.lowerBound
                tape.kernels.table.column_sum(sum.pointer + c, dy.pointer + c, width, x.rows, columns.count)
            }
            tape.contribute(dy, to: x)
        })
        return y
    }

    /// A parameter of a value per channel, or per head, as one row of a value per channel.
    ///
    /// RWKV-5.0 and 5.1 have one decay and one bonus per head, later versions one per channel; the recurrence knows
    /// channels only.
    /// - Parameter parameter: `[H]` or `[H, N]`, of any shape with as many elements.
    /// - Returns: `[1, H·N]`.
    public func channels(of parameter: Parameter, headCount: Int, headSize: Int) -> Tensor {
        let width = headCount * headSize
        precondition(
            parameter.count == width || parameter.count == headCount,
            "“\(parameter.name)” is \(parameter.shape) for \(headCount) heads of \(headSize)")
        let y = make(1, width)
        let repeats = width / parameter.count
        for c in 0..<width { y.pointer[c] = parameter.floats[c / repeats] }
        record({ _, gradients in
            guard let dy = y.gradient else { return }
            let sum = gradients[parameter]
            for c in 0..<width { sum.pointer[c / repeats] += dy.pointer[c] }
        })
        return y
    }
}
