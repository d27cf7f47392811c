internal import CKernels

extension Tape {
    /// Normalises each row of `x` to zero mean and unit variance, then scales and shifts it.
    ///
    ///     y[t, c] = (x[t, c] − mean[t]) · rstd[t] · weight[c] + bias[c]
    ///
    /// The variance divides by C, as in PyTorch.
    /// - Parameters:
    ///   - x: `[T, C]`.
    ///   - epsilon: Added to the variance. RWKV uses 1e-5 here.
    /// - Returns: `[T, C]`.
    /// - Complexity: O(T·C); keeps 2·T floats for the backward pass.
    public func layerNorm(_ x: Tensor, weight: Parameter, bias: Parameter, epsilon: Float = 1e-5) -> Tensor {
        let width = x.width
        precondition(weight.count == width, "“\(weight.name)” is \(weight.shape), its input is \(x.shape)")
        let y = make(x.shape)
        // The rows' means, and the inverses of their deviations.
        let statistics = isRecording ? make(2, x.rows) : nil
        workspace.parallel(x.rows, cost: Double(width) * 0.5) { rows in
            let t = rows.lowerBound
            kernels.table.group_norm(
                y.row(t), statistics?.row(0).advanced(by: t), statistics?.row(1).advanced(by: t), x.row(t),
                weight.floats, bias.floats, rows.count, 1, width, epsilon)
        }
        guard let statistics else { return y }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.rows, cost: Double(width)) { rows in
                let t = rows.lowerBound
                table.group_norm_backward(
                    dx.row(t), dy.row(t), x.row(t), statistics.row(0) + t, statistics.row(1) + t, weight.floats,
                    rows.count, 1, width)
            }
            let (dweight, dbias) = (gradients[weight], gradients[bias])
            tape.workspace.parallel(width, cost: Double(x.rows) * 0.5, multiple: 16) { columns in
                let c = columns.lowerBound
                table.group_norm_weight_gradient(
                    dweight.pointer + c, dbias.pointer + c, dy.pointer + c, x.pointer + c, statistics.row(0),
                    statistics.row(1), width, 1, x.rows, columns.count)
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
