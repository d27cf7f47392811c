internal import CKernels

extension Tape {
    /// Normalises each head of each row to zero mean and unit variance, then scales and shifts every channel.
    ///
    ///     y[t, h, n] = (x[t, h, n] − mean[t, h]) · rstd[t, h] · weight[h, n] + bias[h, n]
    ///
    /// The variance divides by N. PyTorch's `GroupNorm` with H groups.
    /// - Parameters:
    ///   - x: `[T, H·N]`.
    ///   - epsilon: Added to the variance. RWKV-5, 6 and 7 use 64e-5.
    /// - Returns: `[T, H·N]`.
    public func groupNorm(
        _ x: Tensor, weight: Parameter, bias: Parameter, headSize: Int, epsilon: Float
    ) -> Tensor {
        let width = x.width
        let heads = width / headSize
        precondition(weight.count == width, "“\(weight.name)” is \(weight.shape), its input is \(x.shape)")
        let y = make(x.shape)
        // The means of the rows' heads, and the inverses of their deviations.
        let statistics = isRecording ? make(2, x.rows * heads) : nil
        workspace.parallel(x.rows, cost: Double(width) * 0.6) { rows in
            let t = rows.lowerBound
            kernels.table.group_norm(
                y.row(t), statistics?.row(0).advanced(by: t * heads), statistics?.row(1).advanced(by: t * heads),
                x.row(t), weight.floats, bias.floats, rows.count, heads, headSize, epsilon)
        }
        guard let statistics else { return y }
        record({ tape, gradients in
            guard let dy = y.gradient else { return }
            let table = tape.kernels.table
            let dx = tape.make(x.shape)
            tape.workspace.parallel(x.rows, cost: Double(width)) { rows in
                let t = rows.lowerBound
                table.group_norm_backward(
                    dx.row(t), dy.row(t), x.row(t), statistics.row(0) + t * heads, statistics.row(1) + t * heads,
                    weight.floats, rows.count, heads, headSize)
            }
            let (dweight, dbias) = (gradients[weight], gradients[bias])
            tape.workspace.parallel(heads, cost: Double(x.rows * headSize) * 0.5) { part in
                for head in part {
                    let c = head * headSize
                    table.group_norm_weight_gradient(
                        dweight.pointer + c, dbias.pointer + c, dy.pointer + c, x.pointer + c, statistics.row(0) + head,
                        statistics.row(1) + head, width, heads, x.rows, headSize)
                }
            }
            tape.contribute(dx, to: x)
        })
        return y
    }
}
